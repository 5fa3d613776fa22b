import { Brand } from "effect"
import type { EventKey } from "../Ids.ts"

const asEventKey = Brand.nominal<EventKey>()

const keptEvents = 1_000
/** How long an event is known, ms. */
export const keptMs = 2 * 3_600_000
/** Places at first; doubled when they are full, up to the power of two above `keptEvents`. */
const firstPlaces = 32

/**
 * A channel's last events and their arrival, monotonic ms: 1,000 of at most 2 h (F1). A ring, oldest first, and a hash
 * table of the places in it: 20 bytes an event.
 */
export interface SeenEvents {
  keys: Float64Array
  times: Float64Array
  /** Twice as long as the ring; the place of an event in it plus 1, at the first free slot from where its key points. */
  slots: Uint16Array
  /** The place of the oldest. */
  head: number
  size: number
}

/** One event that was seen. */
export interface SeenEvent {
  readonly key: EventKey
  readonly at: number
}

const withPlaces = (places: number): SeenEvents => ({
  keys: new Float64Array(places),
  times: new Float64Array(places),
  slots: new Uint16Array(2 * places),
  head: 0,
  size: 0
})

/** Nothing was seen. */
export const noSeenEvents = (): SeenEvents => withPlaces(firstPlaces)

const slotOf = ({ slots }: SeenEvents, key: number): number => (key >>> 0) & (slots.length - 1)

/** The slot that has the key, or the free one where it belongs. */
const find = (seen: SeenEvents, key: number): number => {
  const { keys, slots } = seen
  let slot = slotOf(seen, key)
  for (let place = slots[slot] ?? 0; place !== 0 && keys[place - 1] !== key; place = slots[slot] ?? 0) {
    slot = (slot + 1) & (slots.length - 1)
  }
  return slot
}

/** Frees a slot, and moves up what it kept from its own. */
const free = (seen: SeenEvents, freed: number): void => {
  const { keys, slots } = seen
  const mask = slots.length - 1
  let hole = freed
  for (let slot = (hole + 1) & mask;; slot = (slot + 1) & mask) {
    const place = slots[slot] ?? 0
    if (place === 0) break
    const wanted = slotOf(seen, keys[place - 1] ?? 0)
    if (((slot - wanted) & mask) < ((slot - hole) & mask)) continue
    slots[hole] = place
    hole = slot
  }
  slots[hole] = 0
}

const dropOldest = (seen: SeenEvents): void => {
  free(seen, find(seen, seen.keys[seen.head] ?? 0))
  seen.head = (seen.head + 1) & (seen.keys.length - 1)
  seen.size--
}

const append = (seen: SeenEvents, key: number, at: number): void => {
  const place = (seen.head + seen.size) & (seen.keys.length - 1)
  seen.slots[find(seen, key)] = place + 1
  seen.keys[place] = key
  seen.times[place] = at
  seen.size++
}

const grow = (seen: SeenEvents): void => {
  const larger = withPlaces(2 * seen.keys.length)
  const mask = seen.keys.length - 1
  for (let index = 0; index < seen.size; index++) {
    const place = (seen.head + index) & mask
    append(larger, seen.keys[place] ?? 0, seen.times[place] ?? 0)
  }
  Object.assign(seen, larger)
}

/** Adds an event; true if it is a duplicate. `now` is monotonic ms and never less than before. */
export const noteEvent = (seen: SeenEvents, key: EventKey, now: number): boolean => {
  while (seen.size > 0 && now - (seen.times[seen.head] ?? 0) >= keptMs) dropOldest(seen)
  if (seen.slots[find(seen, key)] !== 0) return true
  if (seen.size === keptEvents) dropOldest(seen)
  if (seen.size === seen.keys.length) grow(seen)
  append(seen, key, now)
  return false
}

/** What was seen, oldest first. */
export const seenEvents = ({ head, keys, size, times }: SeenEvents): ReadonlyArray<SeenEvent> =>
  Array.from({ length: size }, (_, index) => {
    const place = (head + index) & (keys.length - 1)
    return { key: asEventKey(keys[place] ?? 0), at: times[place] ?? 0 }
  })

/** The same from its events, oldest first. */
export const seenAgain = (events: ReadonlyArray<SeenEvent>): SeenEvents => {
  const seen = noSeenEvents()
  for (const { at, key } of events) noteEvent(seen, key, at)
  return seen
}
