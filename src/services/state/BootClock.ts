import { Context, Option } from "effect"
import type { ClockReading } from "../../domain/ClockReading.ts"
import type { SavedAt, Uptime } from "../../domain/state/Restart.ts"

/** How long the machine runs, where it tells: what is saved and restored on it needs no wall clock. */
export type BootClock = (now: ClockReading) => Option.Option<Uptime>
export const BootClock: Context.Reference<BootClock> = Context.Reference<BootClock>("llm-bot/BootClock", {
  defaultValue: () => Option.none
})

/** A moment by the clocks that outlive the process. */
export const savedAtOf = (uptime: BootClock, now: ClockReading): SavedAt => ({
  wall: now.wall,
  ...Option.match(uptime(now), { onNone: () => ({}), onSome: (uptime) => ({ uptime }) })
})
