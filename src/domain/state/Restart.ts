import { Schema } from "effect"
import type { ClockReading } from "../ClockReading.ts"

/** How long ago something was, ms. */
export const Age = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))

/** The machine's own clock: ms since it was started, which no correction of the time changes. */
export const Uptime = Schema.Struct({
  /** Which start of which machine; another one's clock began elsewhere. */
  boot: Schema.String,
  ms: Schema.Finite
})
export type Uptime = typeof Uptime.Type

/** When a value was saved, by the clocks that outlive the process. */
export const SavedAt = Schema.Struct({
  /** Epoch ms. */
  wall: Schema.Finite,
  /** Absent where the machine does not tell. */
  uptime: Schema.optionalKey(Uptime)
})
export type SavedAt = typeof SavedAt.Type

/** A process that takes up what another one saved. */
export interface Restart {
  readonly now: ClockReading
  /** How long ago it was saved, ms. */
  readonly awayMs: number
}

/**
 * How long ago a value was saved, ms. By the machine's own clock where it still runs: a corrected time neither opens a
 * limit nor locks one. Else by the wall clock; when that was set back, no time counts as passed: what was saved is then
 * as young as it was, never from the future.
 */
export const awaySince = (saved: SavedAt, now: SavedAt): number => {
  const isSameStart = saved.uptime !== undefined && saved.uptime.boot === now.uptime?.boot
  return isSameStart ? now.uptime.ms - saved.uptime.ms : Math.max(0, now.wall - saved.wall)
}
