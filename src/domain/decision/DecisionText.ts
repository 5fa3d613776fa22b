import type { DecisionRecord, Delivery, Outcome, Step, TriggerResult, UnconfirmedCause } from "./Decision.ts"
import { decidingStep } from "./DecidingStep.ts"
import { limitText, secondsText } from "./LimitText.ts"
import { dropText, reasonText, resendReason, skipFactsText, unsaidReason } from "./SkipText.ts"

const share = (value: number): string => value.toFixed(2)
const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`

/** The draw against the threshold: to the hundredth, or finer where both round alike. */
const drawText = (draw: number, needed: number): string => {
  const figure = share(draw) === share(needed) ? draw.toFixed(5) : share(draw)
  return `drew ${figure}, needs less than ${share(needed)}`
}

const waits: Readonly<Record<Extract<Step, { _tag: "Waited" }>["for"], string>> = {
  global_cooldown: "the global cooldown",
  pacing: "the room's flood control",
  connection: "NATS to come back",
  bridge: "a bridge to listen"
}

/** What a ready line waited for, in words. */
export const waitName = (step: Extract<Step, { _tag: "Waited" }>): string => waits[step.for]

const triggerText = (result: TriggerResult): string => {
  switch (result._tag) {
    case "Disabled":
      return "is disabled"
    case "NoMatch":
      return "does not match"
    case "Cooldown":
      return `matches "${result.matched}" but cools down for another ${secondsText(result.remainingMs)} of ${
        secondsText(result.cooldownMs)
      }`
    case "Probability":
      return `matches "${result.matched}" but the dice said no: ${drawText(result.draw, result.needed)}`
    case "Fired":
      return result.draw < result.needed
        ? `matches "${result.matched}" and fires: ${drawText(result.draw, result.needed)}`
        : `matches "${result.matched}" and fires after ${result.unlucky} losing draws in a row`
  }
}

/** A processing step in words (F7). */
const processing = (step: string): string => step.replaceAll("_", " ")

/** One step as a person reads it: the gate, its value, its limit. */
export const stepText = (step: Step): string => {
  switch (step._tag) {
    case "Media":
      return step.changed
        ? `other media began${step.silenceMs > 0 ? `: silence for ${secondsText(step.silenceMs)}` : ""}`
        : "the same media as before: no silence"
    case "Context":
      return `remembered as line ${step.lines} of the ${step.private ? "private conversation" : "channel"}`
    case "Silence":
      return `silence after a media change: another ${secondsText(step.remainingMs)} of ${secondsText(step.silenceMs)}`
    case "Trigger":
      return `${step.entry} ${triggerText(step.result)}`
    case "Limit":
      return limitText(step)
    case "Admitted":
      return `${step.entry} may answer`
    case "Participation":
      return `${step.model} was asked whether a comment fits: ${step.wanted ? "yes" : "no"}`
    case "Prompt":
      return `asked with ${many(step.contextLines, "line")} of context, ${many(step.characters, "character")}`
    case "LlmAttempt":
      return `${step.model}, attempt ${step.attempt}: ${step.status} after ${secondsText(step.durationMs)}${
        step.firstTextMs === undefined ? "" : `, first text after ${secondsText(step.firstTextMs)}`
      }${step.detail === "" ? "" : ` (${step.detail})`}`
    case "LlmAnswer":
      return `${step.model} answered ${
        many(step.characters, "character")
      }, ${step.inputTokens} + ${step.outputTokens} tokens${step.estimated ? " (estimated)" : ""}${
        step.finishReason === "length" ? ", cut off by max_tokens" : ""
      }`
    case "Fallback":
      return `a prepared line instead: ${step.message}`
    case "Processed":
      return step.dropped !== undefined
        ? `${processing(step.step)}: dropped (${dropText(step.dropped)})`
        : `${processing(step.step)}: ${
          step.before === step.after ? "nothing to change" : `${step.before} to ${many(step.after, "character")}`
        }`
    case "Waited":
      return `waited ${secondsText(step.ms)} for ${waitName(step)}`
    case "Sent":
      return `sent ${many(step.characters, "character")} to the ${step.target === "chat" ? "room" : "user"}${
        step.line === undefined ? "" : `, line ${step.line}`
      }`
    case "Resent":
      return `sent again: ${resendReason[step.cause]}`
    case "Unsaid":
      return `${many(step.lines, "line")} left unsaid: ${unsaidReason[step.reason]}`
  }
}

/** Details of an outcome besides its reason, in words; empty where there are none. */
export const outcomeDetail = (outcome: Outcome | undefined): string =>
  outcome?._tag === "Skipped" ? skipFactsText(outcome) : ""

const inBrackets = (words: string): string => words === "" ? "" : ` (${words})`

/** The end of a decision in words. */
export const outcomeText = (outcome: Outcome): string => {
  switch (outcome._tag) {
    case "Replied":
      return `replied after ${secondsText(outcome.afterMs)}`
    case "Skipped":
      return `no reply: ${reasonText(outcome.reason)}${inBrackets(outcomeDetail(outcome))}`
    case "Failed":
      return `failed: ${outcome.message}`
  }
}

/** Why a sent reply is not seen, by the name the logs have for it; empty where nothing is known. */
export const unconfirmedText = (cause: UnconfirmedCause | undefined): string =>
  cause === "no_bridge" ? "no bridge" : cause ?? ""

/** The delivery of a sent reply, in words. */
export const deliveryText = (delivery: Delivery): string =>
  delivery._tag === "Delivered"
    ? `seen in the room after ${secondsText(delivery.afterMs)}`
    : `not seen in the room${inBrackets(unconfirmedText(delivery.cause))}`

/** What a decision is about, in words. */
export const eventText = (record: DecisionRecord): string => {
  switch (record.eventType) {
    case "chatMsg":
      return `line from ${record.username ?? "somebody"}`
    case "pm":
      return `private message from ${record.username ?? "somebody"}`
    case "changeMedia":
      return "media event"
    case "contextual":
      return "look at the room"
  }
}

const changedNothing = (step: Step): boolean =>
  step._tag === "Processed" && step.dropped === undefined && step.before === step.after

/** Every gate of a decision in order, then the delivery. Processing that changed nothing is left out. */
export const storySteps = (record: DecisionRecord): ReadonlyArray<string> => [
  ...record.steps.filter((step) => !changedNothing(step)).map(stepText),
  ...(record.delivery === undefined ? [] : [deliveryText(record.delivery)])
]

/** What was decided so far, in words. */
export const endText = ({ outcome }: DecisionRecord): string =>
  outcome === undefined ? "under way" : outcomeText(outcome)

/** The decision as a full sentence: the reply, the reason, the failure, or what now plays. */
export const headlineText = ({ eventType, outcome, steps: [first] }: DecisionRecord): string => {
  if (outcome === undefined) return "the bot is still deciding"
  if (eventType === "changeMedia" && first !== undefined) return stepText(first)
  switch (outcome._tag) {
    case "Replied":
      return outcomeText(outcome)
    case "Skipped":
      return reasonText(outcome.reason)
    case "Failed":
      return outcome.message
  }
}

/** Why a decision ended as it did: the step that decided with its value against its limit, else its outcome in words. */
export const causeText = (record: DecisionRecord): string => {
  const { outcome } = record
  if (outcome?._tag !== "Skipped") return outcome?._tag === "Failed" ? outcome.message : endText(record)
  const step = decidingStep(record)
  if (step === undefined) return outcomeText(outcome)
  switch (step._tag) {
    case "Limit":
      return `${stepText(step)}${inBrackets(outcomeDetail(outcome))}`
    case "LlmAttempt":
      return `${reasonText(outcome.reason)}: ${stepText(step)}`
    default:
      return stepText(step)
  }
}

/** A decision as one readable line: the event, the outcome and its reason, every gate in order (F12). */
export const storyText = (record: DecisionRecord): string =>
  [`${record.channel}: ${eventText(record)}: ${endText(record)}`, ...storySteps(record)].join("; ")
