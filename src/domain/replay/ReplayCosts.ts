import { Schema } from "effect"
import type { DecisionRecord, Step } from "../decision/Decision.ts"

/** The cost of the answers, and their latency. */
export const Costs = Schema.Struct({
  /** Requests to the model: every attempt, and every question whether a comment would fit. */
  requests: Schema.Finite,
  /** Requests that failed. */
  failedRequests: Schema.Finite,
  /** Answers of the model, those that were not sent too. */
  answers: Schema.Finite,
  /** Of these, those with estimated tokens, because the server reported no usage. */
  estimatedAnswers: Schema.Finite,
  inputTokens: Schema.Finite,
  outputTokens: Schema.Finite,
  /** All tokens by all replies: what one reply costs, with the answers that were not sent; absent without replies. */
  perReply: Schema.optionalKey(Schema.Struct({ inputTokens: Schema.Finite, outputTokens: Schema.Finite })),
  /** From the line's arrival to the reply's departure, ms, of half and of 95 % of the replies; absent without replies. */
  delayMs: Schema.optionalKey(Schema.Struct({ p50: Schema.Finite, p95: Schema.Finite })),
  /** Delivery of the replies: seen in the room, not seen, or unknown. */
  delivery: Schema.Struct({ delivered: Schema.Finite, unconfirmed: Schema.Finite, unknown: Schema.Finite })
})
export type Costs = typeof Costs.Type

/** A percentile of a sorted list (nearest rank). */
const percentile = (sorted: ReadonlyArray<number>, share: number): number =>
  Math.round(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0)

/** Adds up what the answers cost. */
export const costsTally = () => {
  const sums = { requests: 0, failedRequests: 0, answers: 0, estimatedAnswers: 0, inputTokens: 0, outputTokens: 0 }
  const delivery = { delivered: 0, unconfirmed: 0, unknown: 0 }
  // One a reply.
  const delays: Array<number> = []

  const addStep = (step: Step): void => {
    if (step._tag === "LlmAttempt") {
      sums.requests++
      if (step.status !== "success") sums.failedRequests++
    } else if (step._tag === "LlmAnswer") {
      sums.answers++
      if (step.estimated) sums.estimatedAnswers++
      sums.inputTokens += step.inputTokens
      sums.outputTokens += step.outputTokens
    }
  }

  return {
    add: ({ delivery: delivered, outcome, steps }: DecisionRecord): void => {
      for (const step of steps) addStep(step)
      if (outcome?._tag !== "Replied") return
      delays.push(outcome.afterMs)
      if (delivered === undefined) delivery.unknown++
      else if (delivered._tag === "Delivered") delivery.delivered++
      else delivery.unconfirmed++
    },
    result: (): Costs => {
      const sorted = delays.toSorted((a, b) => a - b)
      const each = (tokens: number): number => Math.round(tokens / sorted.length)
      return {
        ...sums,
        ...(sorted.length === 0 ? {} : {
          perReply: { inputTokens: each(sums.inputTokens), outputTokens: each(sums.outputTokens) },
          delayMs: { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95) }
        }),
        delivery: { ...delivery }
      }
    }
  }
}
