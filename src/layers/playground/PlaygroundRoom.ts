import { Clock, Context, Effect, Layer, Option, PubSub, Schema, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import type { ChannelSettings } from "../domain/ChannelSettings.ts"
import { CorrelationId, Username } from "../domain/Ids.ts"
import { commandSubject } from "../domain/wire/Subject.ts"
import type { WireMessage } from "../domain/wire/Wire.ts"
import { Nats, type NatsError } from "../services/Nats.ts"

/** How many lines somebody who joins is shown. */
const keptLines = 100

/** A line as the page shows it. */
export interface RoomLine {
  readonly kind: "chat" | "pm"
  readonly username: Username
  readonly to?: Username
  readonly text: string
  readonly bot: boolean
  readonly time: number
  readonly correlation_id: CorrelationId
}

/** What a viewer says. */
export const Saying = Schema.Struct({
  channel: Schema.String,
  username: Username,
  message: Schema.NonEmptyString.check(Schema.isMaxLength(320)),
  private: Schema.optionalKey(Schema.Boolean)
})
export type Saying = typeof Saying.Type

const Command = Schema.fromJsonString(Schema.Struct({
  data: Schema.Struct({ message: Schema.String, to: Schema.optionalKey(Username) })
}))
const decodeCommand = Schema.decodeUnknownOption(Command)
const decodeCorrelationId = Schema.decodeUnknownOption(CorrelationId)
const utf8 = new TextDecoder()

/** A room on the bus within the process: what the chat server and its bridge are for the real bot. */
export class PlaygroundRoom extends Context.Service<PlaygroundRoom, {
  readonly channel: ChannelSettings
  readonly say: (saying: Saying) => Effect.Effect<CorrelationId, NatsError>
  /** The last lines, then every new one. */
  readonly lines: Stream.Stream<RoomLine>
}>()("llm-bot/PlaygroundRoom") {
  static readonly layer = (channel: ChannelSettings) =>
    Layer.effect(PlaygroundRoom, Effect.gen(function*() {
      const nats = yield* Nats
      const random = yield* SecureRandom.SecureRandom
      const published = yield* PubSub.sliding<RoomLine>(keptLines)
      const freshId = Effect.map(random.uuidV4(), (id) => CorrelationId.make(id))
      let history: ReadonlyArray<RoomLine> = []

      const show = (line: RoomLine) => {
        history = [...history, line].slice(-keptLines)
        return PubSub.publish(published, line)
      }

      /** Tells the bot, in the words of the seed's protocol. */
      const tell = Effect.fnUntraced(function*(line: RoomLine) {
        const said = { msg: escapeHtml(line.text), meta: {}, time: line.time }
        const user = { name: line.username, rank: 1 }
        const payload = line.kind === "chat" ? { user, ...said } : { from: user, to: { name: line.to }, ...said }
        yield* nats.publish({
          subject: `cytube.events.${channel.key}.${line.kind === "chat" ? "chatMsg" : "pm"}`,
          headers: new Map([["Correlation-Id", line.correlation_id]]),
          body: JSON.stringify(payload),
          request: false
        })
      })

      const fromBot = Effect.fnUntraced(function*({ body, headers }: WireMessage) {
        const command = decodeCommand(utf8.decode(body))
        const correlationId = decodeCorrelationId(headers.get("Correlation-Id"))
        if (Option.isNone(command) || Option.isNone(correlationId)) return
        const { message, to } = command.value.data
        const line: RoomLine = {
          kind: to === undefined ? "chat" : "pm",
          username: channel.bot.username,
          ...(to === undefined ? {} : { to }),
          text: message,
          bot: true,
          time: yield* Clock.currentTimeMillis,
          correlation_id: correlationId.value
        }
        yield* show(line)
        // The room sends the bot its own lines too, as events of their own; forked, as the bot is still sending.
        const echo = { ...line, correlation_id: yield* freshId }
        yield* Effect.forkDetach(Effect.ignore(tell(echo)))
      })
      for (const command of ["chat", "pm"] as const) {
        yield* Effect.orDie(nats.subscribe(commandSubject("cytube", channel.room, command), fromBot))
      }

      return PlaygroundRoom.of({
        channel,
        say: Effect.fnUntraced(function*(saying: Saying) {
          const line: RoomLine = {
            kind: saying.private === true ? "pm" : "chat",
            username: saying.username,
            ...(saying.private === true ? { to: channel.bot.username } : {}),
            text: saying.message,
            bot: false,
            time: yield* Clock.currentTimeMillis,
            correlation_id: yield* freshId
          }
          yield* show(line)
          yield* tell(line)
          return line.correlation_id
        }),
        lines: Stream.unwrap(Effect.map(PubSub.subscribe(published), (subscription) =>
          Stream.concat(Stream.fromIterable(history), Stream.fromSubscription(subscription))))
      })
    }))
}

const escapeHtml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
