/** How a backlog is bounded. */
export interface BacklogOptions<A> {
  /** The most that may wait, bytes. */
  readonly maxBytes: number
  readonly bytesOf: (item: A) => number
  /** Whether an item may go before others when there is too much: asked once of each, and only then. */
  readonly isExpendable: (item: A) => boolean
  /** Called for every item that is dropped. */
  readonly onDropped: (item: A) => void
}

/** Items that wait for their turn, in the order in which they came. */
export interface Backlog<A> {
  readonly add: (item: A) => void
  /** The oldest one, which waits no longer. */
  readonly next: () => A | undefined
  readonly size: () => number
  readonly bytes: () => number
}

/** Freed in bulk, so that taking an item is O(1). */
const freeAfter = 1_024

/**
 * A queue bounded in bytes. When it is full, the oldest expendable item goes; only when there is none, the oldest of all
 * (F1, overload).
 */
export const makeBacklog = <A>(options: BacklogOptions<A>): Backlog<A> => {
  // Oldest first. A dropped item leaves a hole; what lies before `head` has been taken.
  let items: Array<A | undefined> = []
  let head = 0
  // Everything before this place was judged and kept.
  let cursor = 0
  let size = 0
  let bytes = 0

  const remove = (place: number): A | undefined => {
    const item = items[place]
    if (item === undefined) return undefined
    items[place] = undefined
    size--
    bytes -= options.bytesOf(item)
    return item
  }

  const free = (): void => {
    if (head < freeAfter || head < items.length / 2) return
    items = items.slice(head)
    cursor = Math.max(0, cursor - head)
    head = 0
  }

  const next = (): A | undefined => {
    while (head < items.length) {
      const item = remove(head++)
      if (item === undefined) continue
      free()
      return item
    }
    items = []
    head = 0
    cursor = 0
    return undefined
  }

  const dropExpendable = (): boolean => {
    cursor = Math.max(cursor, head)
    while (cursor < items.length) {
      const place = cursor++
      const item = items[place]
      if (item === undefined || !options.isExpendable(item)) continue
      remove(place)
      options.onDropped(item)
      return true
    }
    return false
  }

  const dropOldest = (): void => {
    const item = next()
    if (item !== undefined) options.onDropped(item)
  }

  return {
    add: (item) => {
      items.push(item)
      size++
      bytes += options.bytesOf(item)
      while (bytes > options.maxBytes) if (!dropExpendable()) dropOldest()
    },
    next,
    size: () => size,
    bytes: () => bytes
  }
}
