import { DateTime } from "effect"
import type { Content, DecisionRecord } from "./Decision.ts"
import { endText, eventText, storySteps } from "./DecisionText.ts"
import { plainText } from "../wire/LineText.ts"

/** A decision and who made it. */
export type Explained = DecisionRecord & { readonly bot: string }

/** Longer lines are cut: texts of people and models are as long as they like. */
const longestLine = 2_000

/** What is known of the texts: only where they may be kept at all (N4). */
const contentLines = ({ answer, line, reply }: Content): ReadonlyArray<string> => [
  `the line: ${line}`,
  ...(answer === undefined ? [] : [`the model's answer: ${answer}`]),
  ...(reply === undefined ? [] : [`the reply: ${reply}`])
]

const rankText = ({ rank }: DecisionRecord): string => rank === undefined ? "" : ` (rank ${rank})`

/**
 * A decision as a person reads it: when, where and who, what was decided, every gate with its value and its limit,
 * delivery, and the id under which the logs know it. Control characters are left out: a terminal would obey them.
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
  ].map((line) => `${/^ */.exec(line)?.[0] ?? ""}${plainText(line, longestLine)}`).join("\n")
}
