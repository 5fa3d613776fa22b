import { Predicate } from "effect"

/** Settings that cannot change a decision: addresses and what is displayed. */
const elsewhere: ReadonlySet<string> = new Set(["nats", "health", "telemetry", "explain", "log_level", "log_format"])

/** How the model is reached cannot change a replay: answers, failures and their times come from the recording. */
const reaching: ReadonlySet<string> = new Set([
  "base_url",
  "api_key",
  "timeout_seconds",
  "retry_attempts",
  "retry_delay_seconds",
  "stream",
  "fallbacks"
])

const without = (names: ReadonlySet<string>, value: unknown): unknown =>
  Predicate.isObject(value) ? Object.fromEntries(Object.entries(value).filter(([name]) => !names.has(name))) : value

const deciding = (settings: unknown): unknown =>
  Predicate.isObject(settings)
    ? Object.entries(settings).filter(([name]) => !elsewhere.has(name)).toSorted(([a], [b]) => a < b ? -1 : 1)
      .map(([name, value]) => [name, name === "llm_api" ? without(reaching, value) : value])
    : settings

/** Whether two configurations, both with their secrets hidden, decide alike. */
export const decideAlike = (one: unknown, other: unknown): boolean =>
  JSON.stringify(deciding(one)) === JSON.stringify(deciding(other))
