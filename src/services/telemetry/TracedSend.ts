import { type Effect, Option } from "effect"
import { traceparent, writeTraceparent } from "../../domain/telemetry/TraceContext.ts"
import { messagingAttributes, spanName } from "../../domain/telemetry/TraceNames.ts"
import type { WireCommand } from "../../domain/wire/Wire.ts"
import { inSpan, type SpanFailure } from "./Traces.ts"

/** Sends a command in a span of its own and passes that on in the header `traceparent` (F8). */
export const tracedSend = <A, E extends SpanFailure>(
  template: string,
  publish: (command: WireCommand) => Effect.Effect<A, E>
) =>
(command: WireCommand): Effect.Effect<A, E> =>
  inSpan(
    () => ({
      name: spanName.send(template),
      kind: "producer",
      attributes: messagingAttributes("send", command.subject, template)
    }),
    Option.match({
      onNone: () => publish(command),
      onSome: (span) =>
        publish({ ...command, headers: new Map([...command.headers, [traceparent, writeTraceparent(span)]]) })
    })
  )
