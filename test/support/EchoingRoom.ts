import { connect, type Msg } from "@nats-io/transport-node"
import { Context, Effect, Layer, Schema } from "effect"
import { plainProbe } from "../../src/domain/bridge/BridgeFacts.ts"
import { NatsServer } from "./NatsServer.ts"

/** A line the bot said, and the id it bears. */
export interface SaidLine {
  readonly id: string
  readonly text: string
}

const Command = Schema.fromJsonString(Schema.Struct({
  data: Schema.Struct({ message: Schema.String, to: Schema.optionalKey(Schema.String) })
}))
const decode = Schema.decodeUnknownSync(Command)

/** A room on the real NATS that sends the bot its own lines back, as the chat server does; every tenth it refuses. */
export class EchoingRoom extends Context.Service<EchoingRoom, {
  readonly said: Effect.Effect<ReadonlyArray<SaidLine>>
}>()("test/EchoingRoom") {
  static readonly layer = (botName: string): Layer.Layer<EchoingRoom, never, NatsServer> =>
    Layer.effect(
      EchoingRoom,
      Effect.gen(function*() {
        const { url } = yield* NatsServer
        const client = yield* Effect.acquireRelease(
          Effect.promise(() => connect({ servers: url.replace("nats://", ""), name: "room" })),
          (client) => Effect.promise(() => client.close())
        )
        const said: Array<SaidLine> = []
        const echo = ({ data, headers, subject }: Msg): void => {
          const channel = subject.split(".").at(-2) ?? ""
          const { data: { message: text, to } } = decode(new TextDecoder().decode(data))
          said.push({ id: headers?.get("Correlation-Id") ?? "", text })
          const line = { msg: text, meta: {}, time: Date.now() }
          if (said.length % 10 === 0) client.publish(`cytube.events.${channel}.cooldown`, "1000")
          else if (to === undefined) {
            client.publish(
              `cytube.events.${channel}.chatMsg`,
              JSON.stringify({ user: { name: botName, rank: 1 }, ...line })
            )
          } else {
            client.publish(
              `cytube.events.${channel}.pm`,
              JSON.stringify({ from: { name: botName, rank: 1 }, to: { name: to }, ...line })
            )
          }
        }
        client.subscribe("cytube.commands.*.*", {
          callback: (_, message) => {
            if (message.string() !== plainProbe) setTimeout(echo, said.length % 30, message)
          }
        })
        yield* Effect.promise(() => client.flush())
        return EchoingRoom.of({ said: Effect.sync(() => [...said]) })
      })
    )
}
