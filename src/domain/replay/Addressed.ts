import type { DecisionRecord } from "../decision/Decision.ts"
import { entryType } from "../Ids.ts"
import { compileNames } from "../triggers/NameMatch.ts"
import { endOf } from "./ReplayEnd.ts"

const notSaidToUs: ReadonlySet<string> = new Set([
  "duplicate",
  "own_line",
  "echo",
  "server_line",
  "not_for_us",
  "wrong_domain"
])

/** Whether a decision is about a line or private message that a person said where the bot listens. */
export const isHeard = (record: DecisionRecord): boolean =>
  (record.eventType === "chatMsg" || record.eventType === "pm") && !notSaidToUs.has(endOf(record))

/** Whether a mention entry found one of the bot's names; nothing where none was tested. */
const foundByMention = ({ steps }: DecisionRecord): boolean | undefined => {
  const results = steps.flatMap((step) =>
    step._tag === "Trigger" && entryType(step.entry) === "mention" && step.result._tag !== "Disabled"
      ? [step.result._tag]
      : []
  )
  return results.length === 0 ? undefined : results.some((result) => result !== "NoMatch")
}

/**
 * Whether a person addressed the bot: in private, with a match of a mention trigger, or with one of its names in the
 * line where no such trigger was tested.
 */
export const addressing = (botNames: ReadonlyArray<string>): (record: DecisionRecord) => boolean => {
  const matchName = compileNames(botNames)
  return (record) =>
    isHeard(record) &&
    (record.eventType === "pm" || (foundByMention(record) ?? matchName(record.content?.line ?? "") !== undefined))
}
