import { HashMap, Option, Result } from "effect"

/** One admitted reply: unsent it counts as inside every window, sent it counts from its send time. Monotonic ms. */
export interface WindowEntry {
  readonly id: number
  readonly admittedAt: number
  readonly sentAt: number | undefined
}

/** The replies to one user, in one channel, of one trigger or behind one cooldown, and how long a sent one matters. */
export interface SlidingWindow {
  readonly entries: ReadonlyArray<WindowEntry>
  readonly keepMs: number
}

/** Windows by name. Grows with the users and triggers of the last hour; `sweep` frees the idle ones. */
export type Windows = HashMap.HashMap<string, SlidingWindow>

/** The entries of a window, in order of admission. */
export const entriesOf = (windows: Windows, name: string): ReadonlyArray<WindowEntry> =>
  Option.match(HashMap.get(windows, name), { onNone: () => [], onSome: ({ entries }) => entries })

const isKept = (keepMs: number, now: number) => ({ admittedAt, sentAt }: WindowEntry): boolean =>
  sentAt === undefined || Math.max(sentAt, admittedAt) > now - keepMs

/** Adds a held entry; entries that no longer matter are dropped on the way. */
export const hold = (windows: Windows, name: string, keepMs: number, id: number, now: number): Windows =>
  HashMap.set(windows, name, {
    keepMs,
    entries: [...entriesOf(windows, name).filter(isKept(keepMs, now)), { id, admittedAt: now, sentAt: undefined }]
  })

/** Stamps a held entry with its send time. */
export const stamp = (windows: Windows, name: string, id: number, sentAt: number): Windows =>
  HashMap.modify(windows, name, (window) => ({
    ...window,
    entries: window.entries.map((entry) => entry.id === id ? { ...entry, sentAt } : entry)
  }))

/** Removes a held entry; a sent one stays. */
export const erase = (windows: Windows, name: string, id: number): Windows =>
  HashMap.modifyAt(
    windows,
    name,
    Option.flatMap((window) => {
      const entries = window.entries.filter((entry) => entry.id !== id || entry.sentAt !== undefined)
      return entries.length === 0 ? Option.none() : Option.some({ ...window, entries })
    })
  )

/** Frees the entries that no longer matter, and the windows left empty. */
export const sweep = (windows: Windows, now: number): Windows =>
  HashMap.filterMap(windows, ({ entries, keepMs }) => {
    const rest = entries.filter(isKept(keepMs, now))
    return rest.length === 0 ? Result.fail(undefined) : Result.succeed({ keepMs, entries: rest })
  })

/** How many entries lie inside (now − window, now]; held ones do. */
export const countInside = (entries: ReadonlyArray<WindowEntry>, windowMs: number, now: number): number =>
  entries.filter(({ sentAt }) => sentAt === undefined || sentAt > now - windowMs).length

/** ms until fewer than `maximum` entries lie inside the window; absent while that depends on held ones. */
export const reopensIn = (
  entries: ReadonlyArray<WindowEntry>,
  windowMs: number,
  maximum: number,
  now: number
): number | undefined => {
  const sentTimes = entries.flatMap(({ sentAt }) => sentAt === undefined || sentAt <= now - windowMs ? [] : [sentAt])
    .toSorted((a, b) => a - b)
  const leaving = sentTimes[countInside(entries, windowMs, now) - maximum]
  return maximum === 0 || leaving === undefined ? undefined : leaving + windowMs - now
}
