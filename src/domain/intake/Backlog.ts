/** The bounds of a backlog. */
export interface BacklogOptions<A> {
  /** The most that may wait, bytes. */
  readonly maxBytes: number
  readonly bytesOf: (item: A) => number
  /** Whether an item may be dropped before others; called at most once for each. */
  readonly isExpendable: (item: A) => boolean
  /** Called for every item that is dropped. */
  readonly onDropped: (item: A) => void
}

/** Waiting items, in order of arrival. */
export interface Backlog<A> {
  readonly add: (item: A) => void
  /** Takes the oldest one. */
  readonly next: () => A | undefined
  readonly size: () => number
  readonly bytes: () => number
}

/** Freed in bulk, so that taking an item is O(1). */
const freeAfter = 1_024

/**
 * A queue bounded in bytes. When it is full, it drops the oldest expendable item, or without one the oldest of all
 * (F1, overload).
 */
export const makeBacklog = <A>(options: BacklogOptions<A>): Backlog<A> => {
  // Oldest first. A dropped item leaves a hole; what lies before `head` has been taken.
  let items: Array<A | undefined> = []
  let head = 0
  // Items before this index are not expendable.
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
