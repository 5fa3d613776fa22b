import type { FloodControl } from "../ChatEvent.ts"

/** The bot's own pace, whatever the room takes: so many lines at once, then one a second (F8). */
const ownBurst = 3
const ownIntervalMs = 1_000
/** Lines travel for different times: so much further apart they leave, ms. */
const marginMs = 250
/** What is assumed of a room that did not tell: what CyTube suggests to those who turn flood control on. */
const assumed: FloodControl = { burst: 4, sustained: 1, cooldown: 4 }

/**
 * How many lines may leave at a moment, counted as the room counts them: a burst, then one an interval, and a whole
 * burst again only after a silence. Lines that keep coming never earn a new burst. Times are monotonic ms.
 */
export interface Pace {
  readonly burst: number
  readonly intervalMs: number
  /** The silence after which the count begins anew. */
  readonly resetMs: number
  /** Whether the room told its figures. */
  readonly told: boolean
  /** Lines since the last such silence, at most `burst`. */
  readonly count: number
  readonly lastAt: number
  /** The pace of version 0.1, for its recordings alone: a bucket of three, full again at this moment; 1 s a line. */
  readonly fullAt?: number
}

type Figures = Pick<Pace, "burst" | "intervalMs" | "resetMs">

const clearOf = ({ burst, cooldown, sustained }: FloodControl): Figures => ({
  burst: Math.max(1, Math.min(ownBurst, Math.floor(burst))),
  intervalMs: Math.max(ownIntervalMs, 1_000 / sustained + marginMs),
  resetMs: Math.max(ownBurst * ownIntervalMs, cooldown * 1_000 + marginMs)
})

/** Nothing was sent yet, into a room of which nothing is known. */
export const freshPace: Pace = { ...clearOf(assumed), told: false, count: 0, lastAt: Number.NEGATIVE_INFINITY }

/** The pace of version 0.1 before its first line. */
export const earlierPace: Pace = { ...freshPace, fullAt: Number.NEGATIVE_INFINITY }

/** The room told its figures: none where it has no flood control worth the name. What was sent stays counted. */
export const paceIn = (pace: Pace, control: FloodControl | undefined): Pace => {
  const own = { burst: ownBurst, intervalMs: ownIntervalMs, resetMs: ownBurst * ownIntervalMs }
  const figures = control === undefined ? own : clearOf(control)
  return { ...pace, ...figures, told: true, count: Math.min(pace.count, figures.burst) }
}

const spacingMs = ({ intervalMs, resetMs }: Pace): number => Math.min(intervalMs, resetMs)

/** Lines that may leave at once now. */
const freeLines = ({ burst, count, lastAt, resetMs }: Pace, now: number): number =>
  now - lastAt >= resetMs ? burst : burst - count

/** ms until the next line may leave. */
export const paceDelay = (pace: Pace, now: number): number =>
  pace.fullAt !== undefined
    ? Math.max(0, pace.fullAt - (ownBurst - 1) * ownIntervalMs - now)
    : freeLines(pace, now) > 0
    ? 0
    : Math.max(0, pace.lastAt + spacingMs(pace) - now)

/** A line left, in the room or in private, of the bot or of whoever else speaks with its account. */
export const countLine = (pace: Pace, now: number): Pace => ({
  ...pace,
  count: now - pace.lastAt >= pace.resetMs ? 1 : Math.min(pace.count + 1, pace.burst),
  lastAt: Math.max(pace.lastAt, now),
  ...(pace.fullAt === undefined ? {} : { fullAt: Math.max(pace.fullAt, now) + ownIntervalMs })
})

/**
 * The room refused a line because it came too soon, and says after how long the next may come. Where it did not tell its
 * figures, that is the only one known, and no burst is trusted any more.
 */
export const paceRefused = (pace: Pace, waitMs: number, now: number): Pace => {
  const intervalMs = Math.max(pace.intervalMs, waitMs + marginMs)
  const learned = pace.told || waitMs <= ownIntervalMs
    ? { intervalMs }
    : { burst: 1, intervalMs, resetMs: Math.max(pace.resetMs, intervalMs) }
  const after = { ...pace, ...learned }
  return { ...after, count: after.burst, lastAt: now }
}

/**
 * ms until a line may leave behind `ahead` others that are still to leave, or none when that is not before the deadline
 * `deadlineMs` from now: then it can never leave in time (F4). A line that waits at all needs an interval to spare: the
 * others do not leave the moment they may.
 */
export const departure = (
  pace: Pace,
  ahead: number,
  deadlineMs: number,
  now: number
): { readonly waitMs: number; readonly inTime: boolean } => {
  const free = freeLines(pace, now)
  const behind = ahead - free
  const spacing = spacingMs(pace)
  const waitMs = behind < 0 ? 0 : free > 0 ? (behind + 1) * spacing : paceDelay(pace, now) + behind * spacing
  return { waitMs, inTime: waitMs === 0 || waitMs + spacing <= deadlineMs }
}
