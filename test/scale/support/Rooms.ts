import { connect } from "@nats-io/transport-node"
import { Context, Effect, Layer, Schedule, Schema } from "effect"
import { NatsServer } from "../../support/NatsServer.ts"

/** The account that the bots speak with. */
export const botName = "MovieBot"

const Command = Schema.fromJsonString(Schema.Struct({ data: Schema.Struct({ message: Schema.String }) }))
const decode = Schema.decodeUnknownOption(Command)

/** A line that asks the bot, and every reply to it that the bridge saw. Times are ms on the clock that never goes back. */
export interface Question {
  readonly id: number
  readonly channel: string
  readonly askedAt: number
  readonly replies: Array<number>
}

/** A command as it was on the wire. */
export interface Spoken {
  readonly channel: string
  readonly at: number
  readonly text: string
}

/** What a line may be besides its text. */
export interface Said {
  readonly user?: string
  /** How long ago it was said, ms. */
  readonly ageMs?: number
}

/** The bridge's end of NATS: it says what people say, hears what the bots say and sends that back to the room. */
export class Rooms extends Context.Service<Rooms, {
  /** A line that asks nothing. */
  readonly say: (channel: string, text: string, said?: Said) => void
  /** A line that asks the bot. */
  readonly ask: (channel: string, said?: Said) => Question
  /** Waits until the server has everything that was said. */
  readonly flushed: Effect.Effect<void>
  readonly questions: () => ReadonlyArray<Question>
  readonly spoken: () => ReadonlyArray<Spoken>
}>()("test/Rooms") {
  static readonly layer: Layer.Layer<Rooms, never, NatsServer> = Layer.effect(
    Rooms,
    Effect.gen(function*() {
      const { url } = yield* NatsServer
      const client = yield* Effect.acquireRelease(
        Effect.promise(() =>
          connect({
            servers: url.replace("nats://", ""),
            name: "bridge",
            maxReconnectAttempts: -1,
            reconnectTimeWait: 50
          })
        ),
        (client) => Effect.promise(() => client.close())
      )
      const questions: Array<Question> = []
      const spoken: Array<Spoken> = []

      const say = (channel: string, msg: string, { ageMs = 0, user = "ana" }: Said = {}): void => {
        const body = { user: { name: user, rank: 1 }, msg, meta: {}, time: Date.now() - ageMs }
        client.publish(`cytube.events.${channel}.chatMsg`, JSON.stringify(body))
      }
      client.subscribe("cytube.commands.*.chat", {
        callback: (_, message) => {
          const decoded = decode(message.string())
          if (decoded._tag === "None") return
          const at = performance.now()
          const [, , channel = ""] = message.subject.split(".")
          const { data: { message: text } } = decoded.value
          spoken.push({ channel, at, text })
          const id = /\bq(\d+)\b/.exec(text)?.[1]
          if (id !== undefined) questions[Number(id)]?.replies.push(at)
          say(channel, text, { user: botName })
        }
      })
      yield* Effect.promise(() => client.flush())
      return Rooms.of({
        say,
        ask: (channel, said = {}) => {
          const question: Question = { id: questions.length, channel, askedAt: performance.now(), replies: [] }
          questions.push(question)
          say(channel, `@${botName} q${question.id} what is it?`, { user: `user${question.id % 5000}`, ...said })
          return question
        },
        // While the server is away it has nothing.
        flushed: Effect.tryPromise(() => client.flush()).pipe(
          Effect.retry(Schedule.spaced("200 millis")),
          Effect.orDie
        ),
        questions: () => questions,
        spoken: () => spoken
      })
    })
  )
}
