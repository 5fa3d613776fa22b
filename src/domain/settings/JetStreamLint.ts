import { Option } from "effect"
import { type Diagnostic, warning } from "./Diagnostic.ts"
import type { Settings } from "./Settings.ts"

const warn = (field: string, message: string): Diagnostic => warning(["nats", "jetstream", field], message)

/** The longest deadline of a reply in any room, seconds. */
const longestDeadline = ({ channels, response_processing }: Settings): number =>
  Math.max(
    ...[response_processing, ...channels.flatMap((channel) => Option.toArray(channel.response_processing))]
      .map(({ reply_deadline_seconds }) => reply_deadline_seconds)
  )

/** What looks wrong in the settings of durable intake. */
export const jetStreamWarnings = (settings: Settings): ReadonlyArray<Diagnostic> => {
  const { duplicate_window_seconds, enabled, replay_seconds, replicas } = settings.nats.jetstream
  if (!enabled) return []
  const { max_age_seconds } = settings.context_window
  const deadline = longestDeadline(settings)
  return [
    ...(replay_seconds < max_age_seconds
      ? [
        warn(
          "replay_seconds",
          `below context_window.max_age_seconds (${max_age_seconds}): a restart forgets older lines`
        )
      ]
      : []),
    ...(duplicate_window_seconds < deadline
      ? [warn("duplicate_window_seconds", `below reply_deadline_seconds (${deadline}): a late reply may come twice`)]
      : []),
    ...(replicas % 2 === 0
      ? [warn("replicas", `${replicas} copies survive the loss of no more servers than ${replicas - 1} do`)]
      : [])
  ]
}
