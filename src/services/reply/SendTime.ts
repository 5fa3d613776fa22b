import { Context, type Effect, Layer } from "effect"
import type { CorrelationId } from "../../domain/Ids.ts"
import { monotonicMillis } from "../Time.ts"

/** When a ready line is looked at: may it leave, has it to wait, is it too late? A replay knows the moments beforehand. */
export class SendTime extends Context.Service<SendTime, {
  /** The moment at which the decision's line is looked at, monotonic ms. */
  readonly next: (id: CorrelationId) => Effect.Effect<number>
}>()("llm-bot/SendTime") {
  /** At once, by the clock. */
  static readonly layer = Layer.succeed(SendTime, SendTime.of({ next: () => monotonicMillis }))
}
