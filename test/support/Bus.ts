import { connect, headers as makeHeaders, type Msg } from "@nats-io/transport-node"
import { Context, Effect, Layer, Schedule } from "effect"
import { plainProbe } from "../../src/domain/bridge/BridgeFacts.ts"
import { NatsServer } from "./NatsServer.ts"

/** A message somebody published. */
export interface BusMessage {
  readonly subject: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Whether the sender waits for an answer. */
  readonly request: boolean
}

const fromMsg = (message: Msg): BusMessage => ({
  subject: message.subject,
  headers: Object.fromEntries([...message.headers ?? []].map(([key, values]) => [key, values.join(",")])),
  body: message.string(),
  request: message.reply !== undefined && message.reply !== ""
})

/** Whether it only asks who is there: a plain bridge's is empty, one of `kryten` names what it asks. */
export const isQuestion = (message: Msg): boolean =>
  message.string() === plainProbe || /"command":"(?:system|state)\./.test(message.string())

/** After a loss the bridge comes back by itself, soon. */
const backSoon = { maxReconnectAttempts: -1, reconnectTimeWait: 20 }

/** The bridge's end of NATS: a plain client that sends what the room says and sees whatever else is published. */
export class Bus extends Context.Service<Bus, {
  readonly send: (subject: string, body: string, headers: Readonly<Record<string, string>>) => Effect.Effect<void>
  /** What was published besides events and lifecycle, up to now. */
  readonly commands: Effect.Effect<ReadonlyArray<BusMessage>>
}>()("test/Bus") {
  static readonly layer: Layer.Layer<Bus, never, NatsServer> = Layer.effect(
    Bus,
    Effect.gen(function*() {
      const { url } = yield* NatsServer
      const client = yield* Effect.acquireRelease(
        Effect.promise(() => connect({ servers: url.replace("nats://", ""), name: "bridge", ...backSoon })),
        (client) => Effect.promise(() => client.close())
      )
      const seen: Array<BusMessage> = []
      client.subscribe(">", {
        callback: (_, message) => {
          if (!/\.(?:events|lifecycle)\.|^_INBOX\./.test(message.subject) && !isQuestion(message)) {
            seen.push(fromMsg(message))
          }
        }
      })
      yield* Effect.promise(() => client.flush())
      return Bus.of({
        send: (subject, body, given) =>
          Effect.sync(() => {
            const headers = makeHeaders()
            for (const [key, value] of Object.entries(given)) headers.set(key, value)
            client.publish(subject, body, Object.keys(given).length === 0 ? {} : { headers })
          }),
        // After the server's answer everything it had for us is here.
        commands: Effect.tryPromise(() => client.flush()).pipe(
          Effect.retry(Schedule.spaced("10 millis")),
          Effect.map(() => [...seen]),
          Effect.orDie
        )
      })
    })
  )
}
