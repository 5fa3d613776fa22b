import { Context, Effect, Layer } from "effect"
import type { ClockReading } from "../../domain/ClockReading.ts"
import type { Content, DecisionRecord, Delivery, Outcome, Step } from "../../domain/decision/Decision.ts"
import type { QuietDecision } from "../../domain/decision/QuietDecision.ts"
import type { DecisionTrace } from "./DecisionTrace.ts"

/** A decision while it is made, as its listeners see it. */
export interface OpenDecision {
  readonly arrivedAt: ClockReading
  readonly trace: DecisionTrace
  /** What is recorded so far; it grows in place until it is closed. */
  readonly record: DecisionRecord
}

/**
 * Called for every decision, in order, as it happens; never drops one. Plain functions: a decision never waits for
 * a listener.
 */
export interface DecisionListener {
  /**
   * A quiet decision, closed in the moment it is opened: true where its figures are all the listener wants of it.
   * Otherwise it hears of it as of any other. `now` is monotonic ms.
   */
  readonly quiet?: (decision: QuietDecision, now: number) => boolean
  readonly opened?: (decision: OpenDecision) => void
  readonly step?: (decision: OpenDecision, step: Step) => void
  /** Texts, where they may be kept at all (N4). */
  readonly content?: (decision: OpenDecision, added: Partial<Content>) => void
  /** `atMs` is the time since the arrival. */
  readonly closed?: (decision: OpenDecision, outcome: Outcome, atMs: number) => void
  /** What became of a reply amends its closed record (F8). */
  readonly delivered?: (decision: OpenDecision, delivery: Delivery) => void
}

/** Adds each decision's steps and outcome to its trace. */
export const traceListener: DecisionListener = {
  step: ({ trace }, step) => trace.step(step),
  content: ({ trace }, added) => trace.content(added),
  closed: ({ trace }, outcome, atMs) => trace.close(outcome, atMs)
}

/** Who listens to decisions, in this order. */
export class DecisionListeners extends Context.Service<DecisionListeners, ReadonlyArray<DecisionListener>>()(
  "llm-bot/DecisionListeners"
) {
  static readonly layer = <R>(
    listeners: ReadonlyArray<Effect.Effect<DecisionListener, never, R>>
  ): Layer.Layer<DecisionListeners, never, R> => Layer.effect(DecisionListeners, Effect.all(listeners))
}
