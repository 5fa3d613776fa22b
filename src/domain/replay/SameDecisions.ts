import { Predicate } from "effect"

/** The parts of the settings that decide nothing: where things are, and what is shown of them. */
const elsewhere: ReadonlySet<string> = new Set(["nats", "health", "telemetry", "explain", "log_level", "log_format"])

const deciding = (settings: unknown): unknown =>
  Predicate.isObject(settings)
    ? Object.entries(settings).filter(([name]) => !elsewhere.has(name)).toSorted(([a], [b]) => a < b ? -1 : 1)
    : settings

/** Whether two configurations, both with their secrets hidden, decide alike. */
export const decideAlike = (one: unknown, other: unknown): boolean =>
  JSON.stringify(deciding(one)) === JSON.stringify(deciding(other))
