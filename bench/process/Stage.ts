import { Effect, Schema } from "effect"
import { NatsServer } from "../../test/support/NatsServer.ts"
import { type Bot, configFile, startBot, unlimited } from "./Bot.ts"
import { worker } from "./Measured.ts"

/** What the room saw of the lines it said: how many were answered, and after how many ms. */
const Answers = Schema.Struct({
  answered: Schema.Finite,
  unanswered: Schema.Finite,
  p50: Schema.Finite,
  p99: Schema.Finite
})
export type Answers = typeof Answers.Type

/** Lines said in rooms. */
export interface Lines {
  readonly channels: number
  readonly count: number
  /** Lines a second; 0: as fast as the connection takes them. */
  readonly rate: number
  /** One line in so many mentions the bot; 0: none. */
  readonly mentionEvery: number
  /** How long answers are waited for after the last line, ms; 15 s unless told otherwise. */
  readonly patienceMs?: number
}

/** Lines without a pause that mention nobody. */
export const quietLines = (channels: number, count: number): Lines => ({ channels, count, rate: 0, mentionEvery: 0 })

/** Who a line is for: the bot, or what the bare process does with it. */
type Listener = "cytube" | "bare" | "echo" | "asks"

/** A bot, the least that anybody could do in its place, and what both live on, each in a process of its own. */
export interface Stage {
  readonly bot: Bot
  readonly nats: string
  /** Says lines, and waits until whom they are for has dealt with them all; the CPU of that in µs a line. */
  readonly say: (listener: Listener, lines: Lines) => Effect.Effect<Answers & { readonly cpu: number }>
}

/** Builds the stage for a bot in so many channels. */
export const makeStage = Effect.fnUntraced(function*(
  channels: number,
  sections: Readonly<Record<string, unknown>> = unlimited,
  flags: ReadonlyArray<string> = []
) {
  const { url } = yield* NatsServer
  const model = yield* (yield* worker("model", [])).ask({}, Schema.String)
  const room = yield* worker("room", [], url)
  const bare = yield* worker("bare", [], url, model)
  const bot = yield* startBot(yield* configFile(url, model, channels, sections), flags)
  yield* bot.rest
  // How many events either was sent so far.
  const sent = { bot: 0, bare: 0 }
  const received = {
    bot: Effect.zipWith(
      bot.counted("events_received_total"),
      bot.counted("events_dropped_total"),
      (received, dropped) => received + dropped
    ),
    bare: bare.ask({}, Schema.Finite)
  }
  /** The CPU of a process when it has dealt with all it was sent. It may be at rest before: the server keeps what is left. */
  const settled = (who: "bot" | "bare"): Effect.Effect<number> =>
    Effect.gen(function*() {
      const { cpu, rest } = who === "bot" ? bot : bare
      yield* rest
      const used = yield* cpu
      return (yield* received[who]) < sent[who] ? yield* settled(who) : used
    })
  const stage: Stage = {
    bot,
    nats: url,
    say: Effect.fnUntraced(function*(listener, lines) {
      const who = listener === "cytube" ? "bot" : "bare"
      const before = yield* (who === "bot" ? bot : bare).cpu
      const answers = yield* room.ask({ prefix: listener, ...lines }, Answers)
      // The bot sees its own lines too.
      sent[who] += lines.count + (who === "bot" ? answers.answered : 0)
      return { ...answers, cpu: ((yield* settled(who)) - before) / lines.count }
    })
  }
  return stage
})
