import { Context, type Effect, Layer } from "effect"
import type { CorrelationId } from "../../domain/Ids.ts"
import { monotonicMillis } from "../Time.ts"

/** When a ready line is checked: send it, wait, or drop it as too late. A replay takes the times from its recording. */
export class SendTime extends Context.Service<SendTime, {
  /** When the decision's line is checked, monotonic ms. */
  readonly next: (id: CorrelationId) => Effect.Effect<number>
  /** When its wait for NATS was over, either way, monotonic ms: that decides whether it is too late. */
  readonly afterGate: (id: CorrelationId) => Effect.Effect<number>
}>()("llm-bot/SendTime") {
  /** At once, by the clock. */
  static readonly layer = Layer.succeed(
    SendTime,
    SendTime.of({ next: () => monotonicMillis, afterGate: () => monotonicMillis })
  )
}
