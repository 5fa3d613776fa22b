import { Effect } from "effect"
import { traceparent, writeTraceparent } from "../../domain/telemetry/TraceContext.ts"
import { messagingAttributes, spanName } from "../../domain/telemetry/TraceNames.ts"
import type { WireCommand } from "../../domain/wire/Wire.ts"
import { exported, type SpanFailure } from "./Traces.ts"

/** Sends a command in its own span and propagates it in the header `traceparent` (F8). */
export const tracedSend = <A, E extends SpanFailure>(
  template: string,
  publish: (command: WireCommand) => Effect.Effect<A, E>
) =>
(command: WireCommand): Effect.Effect<A, E> => {
  const attributes = messagingAttributes("send", command.subject, template)
  return Effect.useSpan(
    spanName.send(template),
    { kind: "producer", attributes, annotations: exported },
    (span) =>
      publish(
        span.sampled
          ? { ...command, headers: new Map([...command.headers, [traceparent, writeTraceparent(span)]]) }
          : command
      )
  )
}
