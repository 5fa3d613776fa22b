import { type DecisionRecord, isEcho } from "../../domain/decision/Decision.ts"
import { deliveryText, endText, eventText, stepText } from "../../domain/decision/DecisionText.ts"
import type { RoomLine } from "./PlaygroundRoom.ts"

/** A line of the room as the terminal shows it. */
export const lineText = ({ bot, kind, text, to, username }: RoomLine): string => {
  if (kind === "media") return `* now playing: ${text}`
  if (kind === "action") return `> ${username ?? "somebody"} ${text}`
  return `${bot ? "<" : ">"} ${username ?? "somebody"}${to === undefined ? "" : ` to ${to}, private`}: ${text}`
}

/** Echoes of the bot's replies are not shown. */
export const isNews = (record: DecisionRecord): boolean => !isEcho(record)

/** A decision in the terminal: the outcome, then every step; once delivered, only the delivery. */
export const recordText = (record: DecisionRecord): string => {
  if (record.delivery !== undefined) return `    ${deliveryText(record.delivery)}`
  return [`    ${eventText(record)}: ${endText(record)}`, ...record.steps.map((step) => `      - ${stepText(step)}`)]
    .join("\n")
}
