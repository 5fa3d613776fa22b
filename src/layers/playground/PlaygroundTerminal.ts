import type { DecisionRecord } from "../../domain/decision/Decision.ts"
import { deliveryText, eventText, outcomeText, stepText } from "../../domain/decision/DecisionText.ts"
import type { RoomLine } from "./PlaygroundRoom.ts"

/** A line of the room as the terminal shows it. */
export const lineText = ({ bot, kind, text, to, username }: RoomLine): string => {
  if (kind === "media") return `* now playing: ${text}`
  if (kind === "action") return `> ${username ?? "somebody"} ${text}`
  return `${bot ? "<" : ">"} ${username ?? "somebody"}${to === undefined ? "" : ` to ${to}, private`}: ${text}`
}

/** The bot's own lines come back from the room too; that they trigger nothing is no news. */
export const isNews = ({ outcome }: DecisionRecord): boolean =>
  outcome?._tag !== "Skipped" || outcome.reason !== "own_line"

/** A decision as the terminal shows it: what was decided, then every step; once delivered, only that. */
export const recordText = (record: DecisionRecord): string => {
  if (record.delivery !== undefined) return `    ${deliveryText(record.delivery)}`
  const outcome = record.outcome === undefined ? "under way" : outcomeText(record.outcome)
  return [`    ${eventText(record)}: ${outcome}`, ...record.steps.map((step) => `      - ${stepText(step)}`)].join("\n")
}
