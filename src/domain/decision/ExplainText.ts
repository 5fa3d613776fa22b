import { DateTime } from "effect"
import type { Content, DecisionRecord } from "./Decision.ts"
import { endText, eventText, storySteps } from "./DecisionText.ts"
import { trimmedText } from "../wire/LineText.ts"

/** A decision and who made it. */
export type Explained = DecisionRecord & { readonly bot: string }

/** Longer lines are cut: texts of people and models have any length. */
const longestLine = 2_000

/** The texts, where they may be kept (N4). */
const contentLines = ({ answer, line, reply }: Content): ReadonlyArray<string> => [
  `the line: ${line}`,
  ...(answer === undefined ? [] : [`the model's answer: ${answer}`]),
  ...(reply === undefined ? [] : [`the reply: ${reply}`])
]

const rankText = ({ rank }: DecisionRecord): string => rank === undefined ? "" : ` (rank ${rank})`

/**
 * A decision for people: when, where and who, the outcome, every gate with its value and its limit,
 * delivery, and the correlation id of the logs. Control characters are left out: a terminal would obey them.
 */
export const explainText = (explained: Explained, zone: DateTime.TimeZone, nameBot: boolean): string => {
  const { arrivedAt, bot, channel, content, correlationId } = explained
  const when = DateTime.formatIsoOffset(DateTime.makeZonedUnsafe(arrivedAt, { timeZone: zone }))
  const where = nameBot ? `${channel} (${bot})` : channel
  const steps = [...storySteps(explained), ...(content === undefined ? [] : contentLines(content))]
  return [
    `${when} ${where}: ${eventText(explained)}${rankText(explained)}`,
    `  ${endText(explained)}`,
    ...steps.map((step) => `  - ${step}`),
    `  correlation id ${correlationId}`
  ].map((line) => `${/^ */.exec(line)?.[0] ?? ""}${trimmedText(line, longestLine)}`).join("\n")
}
