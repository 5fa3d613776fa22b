import { Clock, Context, Effect, Layer, Option, PubSub, Schema, Stream } from "effect"
import { SecureRandom } from "effect/crypto"
import { CorrelationId, Username } from "../../domain/Ids.ts"
import { roomHtml } from "../../domain/wire/LineText.ts"
import { commandSubject } from "../../domain/wire/Subject.ts"
import type { WireMessage } from "../../domain/wire/Wire.ts"
import { Nats, type NatsSendError } from "../../services/Nats.ts"
import { PlaygroundSettings } from "./PlaygroundSettings.ts"

/** Lines shown on joining. */
const keptLines = 100

/** A line as the page shows it. */
export interface RoomLine {
  /** `action` is a `/me` line without the command, `media` the title of what now plays. */
  readonly kind: "chat" | "pm" | "action" | "media"
  readonly username?: Username
  readonly to?: Username
  readonly text: string
  readonly bot: boolean
  readonly time: number
  readonly correlation_id: CorrelationId
}

/** A line of a viewer. */
type SpokenLine = RoomLine & { readonly username: Username }

type RoomEvent = "chatMsg" | "pm" | "changeMedia"

/** What a viewer says. */
export const Saying = Schema.Struct({
  channel: Schema.String,
  username: Username,
  message: Schema.NonEmptyString.check(Schema.isMaxLength(320)),
  private: Schema.optionalKey(Schema.Boolean),
  action: Schema.optionalKey(Schema.Boolean)
})
export type Saying = typeof Saying.Type

/** What begins to play. */
export const Playing = Schema.Struct({
  title: Schema.NonEmptyString.check(Schema.isMaxLength(200)),
  seconds: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 1, maximum: 86_400 })))
})
export type Playing = typeof Playing.Type

const Command = Schema.fromJsonString(Schema.Struct({
  data: Schema.Struct({ message: Schema.String, to: Schema.optionalKey(Username) })
}))
const decodeCommand = Schema.decodeUnknownOption(Command)
const decodeCorrelationId = Schema.decodeUnknownOption(CorrelationId)
const utf8 = new TextDecoder()

/** A room on the in-memory bus: it stands in for the chat server and its bridge. */
export class PlaygroundRoom extends Context.Service<PlaygroundRoom, {
  readonly say: (saying: Saying) => Effect.Effect<CorrelationId, NatsSendError>
  /** Other media begin. */
  readonly play: (playing: Playing) => Effect.Effect<CorrelationId, NatsSendError>
  /** The last lines, then every new one. */
  readonly lines: Stream.Stream<RoomLine>
}>()("llm-bot/PlaygroundRoom") {
  static readonly layer = Layer.effect(
    PlaygroundRoom,
    Effect.gen(function*() {
      const run = Effect.runForkWith(yield* Effect.context<never>())
      const nats = yield* Nats
      const random = yield* SecureRandom.SecureRandom
      const settings = yield* PlaygroundSettings
      const { key, room } = yield* settings.channel
      const published = yield* PubSub.sliding<RoomLine>(keptLines)
      const freshId = Effect.map(random.uuidV4(), (id) => CorrelationId.make(id))
      let history: ReadonlyArray<RoomLine> = []

      const show = (line: RoomLine) => {
        history = [...history, line].slice(-keptLines)
        return PubSub.publish(published, line)
      }

      /** Sends the bot an event in the `cytube` protocol. */
      const tell = Effect.fnUntraced(function*(event: RoomEvent, id: CorrelationId, payload: object) {
        yield* nats.publish({
          subject: `cytube.events.${key}.${event}`,
          headers: new Map([["Correlation-Id", id]]),
          body: JSON.stringify(payload),
          request: false
        })
      })

      const tellLine = ({ correlation_id: id, kind, text, time, to, username }: SpokenLine) => {
        const line = { msg: roomHtml(text), meta: kind === "action" ? { addClass: "action" } : {}, time }
        const user = { name: username, rank: 1 }
        return kind === "pm"
          ? tell("pm", id, { from: user, to: { name: to }, ...line })
          : tell("chatMsg", id, { user, ...line })
      }

      const fromBot = Effect.fnUntraced(function*({ body, headers }: WireMessage) {
        const command = decodeCommand(utf8.decode(body))
        const correlationId = decodeCorrelationId(headers.get("Correlation-Id"))
        if (Option.isNone(command) || Option.isNone(correlationId)) return
        const { message, to } = command.value.data
        const { bot } = yield* settings.channel
        const line: SpokenLine = {
          kind: to === undefined ? "chat" : "pm",
          username: bot.username,
          ...(to === undefined ? {} : { to }),
          text: message,
          bot: true,
          time: yield* Clock.currentTimeMillis,
          correlation_id: correlationId.value
        }
        yield* show(line)
        // The room echoes the bot's lines too; forked, as the bot is still sending.
        const echo = { ...line, correlation_id: yield* freshId }
        yield* Effect.forkDetach(Effect.ignore(tellLine(echo)))
      })
      for (const command of ["chat", "pm"] as const) {
        yield* Effect.orDie(
          nats.subscribe(commandSubject("cytube", room, command), (message) => void run(fromBot(message)))
        )
      }

      const say = Effect.fnUntraced(function*({ action, message, private: isPrivate, username }: Saying) {
        const { bot } = yield* settings.channel
        const command = /^\/me\s+(?=\S)/i.exec(message)?.[0] ?? ""
        const isAction = isPrivate !== true && (action === true || command !== "")
        const line: SpokenLine = {
          kind: isPrivate === true ? "pm" : isAction ? "action" : "chat",
          username,
          ...(isPrivate === true ? { to: bot.username } : {}),
          text: isAction ? message.slice(command.length) : message,
          bot: false,
          time: yield* Clock.currentTimeMillis,
          correlation_id: yield* freshId
        }
        yield* show(line)
        yield* tellLine(line)
        return line.correlation_id
      })

      const play = Effect.fnUntraced(function*({ seconds = 0, title }: Playing) {
        const id = yield* freshId
        const time = yield* Clock.currentTimeMillis
        yield* show({ kind: "media", text: title, bot: false, time, correlation_id: id })
        yield* tell("changeMedia", id, { type: "yt", id: yield* freshId, title, seconds })
        return id
      })

      return PlaygroundRoom.of({
        say,
        play,
        lines: Stream.unwrap(
          Effect.map(
            PubSub.subscribe(published),
            (subscription) => Stream.concat(Stream.fromIterable(history), Stream.fromSubscription(subscription))
          )
        )
      })
    })
  )
}
