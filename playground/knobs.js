// From a reason to the setting behind it.
import { update } from "./store.js"

/** The place in `triggers` of an entry by its name in a record: "keyword", "keyword 2". */
const entryIndex = (entry, triggers) => {
  const [type, nth = "1"] = entry.split(" ")
  const places = triggers.flatMap((trigger, index) => trigger.type === type ? [index] : [])
  return places[Number(nth) - 1]
}

const limits = {
  user_per_minute: { field: "max_per_user_per_minute", label: "the limit per viewer" },
  user_per_hour: { field: "max_per_user_per_hour", label: "the limit per viewer" },
  channel_per_minute: { field: "max_per_channel_per_minute", label: "the limit of the room" },
  channel_per_hour: { field: "max_per_channel_per_hour", label: "the limit of the room" },
  user_share: { field: "max_user_share", label: "the fair share" },
  private_share: { field: "max_private_share", label: "the share of private replies" },
  media_silence: { field: "media_change_cooldown_seconds", label: "the silence after a new film" },
  global_cooldown: { field: "global_cooldown_seconds", label: "the pause between lines" }
}

const ofReply = {
  content_filter: { path: ["response_processing", "content_filter", "block_keywords"], label: "the filter" },
  length: { path: ["response_processing", "content_filter", "min_word_count"], label: "the length" },
  quality_check: { path: ["response_processing", "quality_checks_enabled"], label: "the quality checks" },
  deadline: { path: ["response_processing", "reply_deadline_seconds"], label: "the deadline" },
  pace: { path: ["response_processing", "reply_deadline_seconds"], label: "the deadline" },
  media_changed: { path: ["response_processing", "drop_after_media_change"], label: "what a new film does" }
}

const section = (path) => {
  if (path[0] === "triggers") return "triggers"
  if (path[0] === "response_processing") return "reply"
  return path.at(-1).endsWith("cooldown_seconds") ? "silences" : "limits"
}

const knob = (path, label) => ({ section: section(path), path, label })

/** The limits of one trigger stand with it; an hour's limit of the room has two names. */
const triggerKnob = (limit, index, { rate_limit = {} }) => {
  const name = limit.replace(/^trigger_/, "max_per_")
  const other = name === "max_per_channel_per_hour" && (rate_limit[name] ?? null) === null ? "max_per_hour" : name
  return knob(["triggers", index, "rate_limit", other], "the limit of this trigger")
}

/** The setting that decided: where it stands, and what it is called in a sentence. */
export const knobOf = (record, values) => {
  if (values === undefined || record.outcome?._tag !== "Skipped") return undefined
  const { reason } = record.outcome
  if (reason === "no_match") return { section: "triggers", path: undefined, label: "the triggers" }
  if (ofReply[reason]) return knob(ofReply[reason].path, ofReply[reason].label)
  if (limits[reason]) return knob(["rate_limits", limits[reason].field], limits[reason].label)
  const { entry } = record.story
  const index = entry === undefined ? undefined : entryIndex(entry, values.triggers)
  if (index === undefined) return undefined
  if (reason === "cooldown") return knob(["triggers", index, "cooldown_seconds"], "the cooldown")
  if (reason === "probability") return knob(["triggers", index, "fire_probability"], "the chance")
  return reason.startsWith("trigger_") ? triggerKnob(reason, index, values.triggers[index]) : undefined
}

/** Opens the settings there. */
export const openKnob = ({ path, section }) => update({ section, knob: path?.join("."), tab: "settings" })
