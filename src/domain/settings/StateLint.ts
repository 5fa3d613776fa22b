import { Option } from "effect"
import { type Diagnostic, warning } from "./Diagnostic.ts"
import type { Settings } from "./Settings.ts"

/** Below it a busy room is written all the time, s. */
const often = 0.5
/** Above it a crash loses more than people forget, s. */
const seldom = 60

const warn = (field: string, message: string): Diagnostic => warning(["state", field], message)

/** What looks wrong in the settings of the state (F13). */
export const stateWarnings = ({ nats, state: { directory, save_seconds } }: Settings): ReadonlyArray<Diagnostic> => {
  if (Option.isNone(directory)) return []
  if (nats.jetstream.enabled) {
    return [
      warn("directory", "is not used where nats.jetstream is enabled: the streams bring back what the bot knows")
    ]
  }
  return [
    ...(directory.value.startsWith("/")
      ? []
      : [warn("directory", "is relative: started from another folder, the bot begins anew")]),
    ...(save_seconds < often
      ? [warn("save_seconds", `below ${often}: the disk is written all the time for what a crash hardly saves`)]
      : []),
    ...(save_seconds > seldom
      ? [warn("save_seconds", `a crash loses up to ${save_seconds} s: limits and cooldowns of that time begin again`)]
      : [])
  ]
}
