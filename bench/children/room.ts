import process from "node:process"
import { connect, type Msg } from "@nats-io/transport-node"
import { answering } from "./answering.ts"
import { percentile } from "../Statistics.ts"

// The rooms: says lines in them, hears what is answered, and shows the bot its own lines as a bridge does.

interface Lines {
  /** The subject's first word: for whom the lines are. */
  readonly prefix: "cytube" | "bare" | "echo" | "asks"
  readonly channels: number
  readonly count: number
  /** Lines a second; 0: as fast as the connection takes them. */
  readonly rate: number
  /** One line in so many mentions the bot; 0: none. */
  readonly mentionEvery: number
  /** How long answers are waited for after the last line, ms. */
  readonly patienceMs?: number
}

const client = await connect({ servers: process.argv[2] ?? "" })
const utf8 = new TextEncoder()
let number = 0
let mentions = 0
/** When each line that waits for an answer was said, by its number. */
const waiting = new Map<number, number>()
let latencies: Array<number> = []

const lineOf = (name: string, msg: string): Uint8Array =>
  utf8.encode(JSON.stringify({ user: { name, rank: 1 }, msg, meta: {}, time: Date.now() }))

const hear = (message: Msg): void => {
  const [kind, , channel] = message.subject.split(".")
  // The bot asks at its start, with an empty command, whether a bridge is there.
  const text = message.json<{ readonly data?: { readonly message: string } }>().data?.message
  if (text === undefined) return
  const answered = Number(/number (\d+)/.exec(text)?.[1] ?? -1)
  const said = waiting.get(answered)
  if (said !== undefined) latencies.push(performance.now() - said)
  waiting.delete(answered)
  if (kind === "cytube") client.publish(`cytube.events.${channel}.chatMsg`, lineOf("MovieBot", text))
}
client.subscribe("*.commands.*.chat", { callback: (_, message) => hear(message) })
await client.flush()

const say = ({ channels, mentionEvery, prefix }: Lines, index: number): void => {
  number++
  const mention = mentionEvery > 0 && index % mentionEvery === 0
  // Mentions go round by themselves: a room's pace allows only so many.
  const channel = (mention ? mentions++ : number) % channels
  const text = mention
    ? `@MovieBot what about number ${number}?`
    : `some words about the film, this is the line ${number}`
  if (mention) waiting.set(number, performance.now())
  client.publish(`${prefix}.events.ch${channel}.chatMsg`, lineOf(`viewer${number * 7 % 101}`, text))
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const publish = async (lines: Lines): Promise<void> => {
  const began = performance.now()
  let index = 0
  while (index < lines.count) {
    const due = lines.rate === 0
      ? index + 500
      : Math.floor((performance.now() - began) * lines.rate / 1000)
    for (; index < Math.min(due, lines.count); index++) say(lines, index)
    await (lines.rate === 0 ? client.flush() : pause(1))
  }
  await client.flush()
}

const isLines = (question: unknown): question is Lines => typeof question === "object" && question !== null

answering(async (question) => {
  if (!isLines(question)) return undefined
  latencies = []
  waiting.clear()
  await publish(question)
  const until = performance.now() + (question.patienceMs ?? 15_000)
  while (waiting.size > 0 && performance.now() < until) await pause(5)
  return {
    answered: latencies.length,
    unanswered: waiting.size,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99)
  }
})
