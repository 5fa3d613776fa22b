import { Effect, Layer } from "effect"
import type { CorrelationId } from "../../domain/Ids.ts"
import { type Charge, SharedLimits } from "../limits/SharedLimits.ts"
import { SendTime } from "../reply/SendTime.ts"
import { readClock } from "../Time.ts"
import { now, Recorder, stamp } from "./Recorder.ts"

/** Records what the limits said that replicas share. */
export const sharedLimits: Layer.Layer<never, never, Recorder> = Layer.effect(
  SharedLimits,
  Effect.gen(function*() {
    const inner = yield* SharedLimits
    const { append } = yield* Recorder
    return {
      ...inner,
      charge: (charge: Charge) =>
        Effect.tap(inner.charge(charge), (refusal) =>
          Effect.flatMap(now, (at) =>
            append({
              kind: "charged",
              ...at,
              id: charge.correlationId,
              ...(refusal === undefined ? {} : { refusal })
            })))
    }
  })
)

/** Records when each ready line was checked. */
export const sendTimes: Layer.Layer<SendTime, never, Recorder | SendTime> = Layer.effect(
  SendTime,
  Effect.gen(function*() {
    const inner = yield* SendTime
    const { append } = yield* Recorder
    const noted = (id: CorrelationId, time: Effect.Effect<number>, place: { readonly gate?: true }) =>
      Effect.tap(
        time,
        (monotonic) =>
          Effect.flatMap(
            readClock,
            ({ wall }) => append({ kind: "turn", ...stamp({ wall, monotonic }), id, ...place })
          )
      )
    return SendTime.of({
      next: (id) => noted(id, inner.next(id), {}),
      afterGate: (id) => noted(id, inner.afterGate(id), { gate: true })
    })
  })
)
