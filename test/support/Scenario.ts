import { Effect, Logger, Result, Schema } from "effect"
import { stringify } from "yaml"
import type { DecisionRecord } from "../../src/domain/decision/Decision.ts"
import type { ScriptedAnswer } from "../../src/layers/llm/LlmScripted.ts"
import { LlmRejected, LlmServerFailed, LlmTimeout } from "../../src/services/LlmClient.ts"
import { endOf, settingsOf, Simulation } from "./Simulation.ts"
import { epoch, passTo, VirtualTime } from "./VirtualTime.ts"

const Seconds = Schema.Finite

/** One thing that happens in a room, and how its decision is expected to end. */
const Happening = Schema.Struct({
  /** Seconds since the beginning. */
  at: Seconds,
  room: Schema.optionalKey(Schema.String),
  from: Schema.optionalKey(Schema.String),
  /** A line for the room. */
  says: Schema.optionalKey(Schema.String),
  /** A private message, to the bot unless `to` says otherwise. */
  whispers: Schema.optionalKey(Schema.String),
  to: Schema.optionalKey(Schema.String),
  /** Other media begin: `type:id`. */
  plays: Schema.optionalKey(Schema.String),
  /** The person joins with this rank, or leaves. */
  joins: Schema.optionalKey(Schema.Int),
  leaves: Schema.optionalKey(Schema.Literal(true)),
  /** The event before this one comes once more, exactly as it was. */
  again: Schema.optionalKey(Schema.Boolean),
  /** Said so many seconds before it comes; negative: in the future. */
  said_ago: Schema.optionalKey(Seconds),
  shadow_muted: Schema.optionalKey(Schema.Boolean),
  /** The envelope's server, when it is another one. */
  domain: Schema.optionalKey(Schema.String),
  /** `replied`, `failed`, or the reason of the silence; absent: no decision is expected at all. */
  expect: Schema.optionalKey(Schema.String),
  /** Words that the told decision must contain. */
  because: Schema.optionalKey(Schema.String)
})
type Happening = typeof Happening.Type

const Answer = Schema.Struct({
  says: Schema.optionalKey(Schema.String),
  fails: Schema.optionalKey(Schema.Literals(["timeout", "server", "rejected"])),
  after: Schema.optionalKey(Seconds)
})

/** A scenario as people write it: see README.md beside the files. */
export const Scenario = Schema.Struct({
  holds: Schema.NonEmptyArray(Schema.String),
  story: Schema.NonEmptyString,
  config: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  model: Schema.optionalKey(Schema.NonEmptyArray(Answer)),
  happens: Schema.Array(Happening),
  /** How the looks of contextual triggers end, in order. */
  looks: Schema.optionalKey(Schema.Array(Schema.String)),
  /** What the prompts, in order, must and must not contain; prompts beyond the list are free. */
  prompts: Schema.optionalKey(Schema.Array(Schema.Struct({
    has: Schema.optionalKey(Schema.Array(Schema.String)),
    lacks: Schema.optionalKey(Schema.Array(Schema.String))
  }))),
  /** Seconds to wait after the last event; 60 when absent. */
  then_wait: Schema.optionalKey(Seconds),
  commands: Schema.Array(Schema.Struct({
    at: Seconds,
    room: Schema.optionalKey(Schema.String),
    to: Schema.optionalKey(Schema.String),
    says: Schema.String
  }))
})
export type Scenario = typeof Scenario.Type

const base = {
  nats: { servers: ["nats://memory"] },
  channels: [{ name: "lobby" }, { name: "second" }],
  bot: { username: "MovieBot" },
  llm_api: { base_url: "http://localhost/v1", api_key: "none", model: "script" }
}

const failures = {
  timeout: new LlmTimeout({ afterMs: 30_000, budgetSpent: false }),
  server: new LlmServerFailed({ status: 503 }),
  rejected: new LlmRejected({ status: 401 })
} as const

/** The scripted answers in turn, the last one for ever; without a script every answer differs from the others. */
const answerOf = (scenario: Scenario, index: number): ScriptedAnswer => {
  const answers = scenario.model ?? []
  const answer = answers[Math.min(index, answers.length - 1)]
  const afterMs = (answer?.after ?? 0) * 1000
  if (answer?.fails !== undefined) return { afterMs, says: Result.fail(failures[answer.fails]) }
  return { afterMs, says: Result.succeed(answer?.says ?? `Answer number ${index + 1} of the script`) }
}

interface Event {
  readonly room: string
  readonly type: string
  readonly payload: unknown
}

const eventOf = (happening: Happening): Event => {
  const { joins, leaves, plays, room = "lobby", says, whispers } = happening
  const time = epoch + (happening.at - (happening.said_ago ?? 0)) * 1000
  const meta = happening.shadow_muted === true ? { shadow: true } : {}
  const name = happening.from ?? "Ana"
  if (joins !== undefined) return { room, type: "addUser", payload: { name, rank: joins } }
  if (leaves !== undefined) return { room, type: "userLeave", payload: { name } }
  const person = { name, rank: 1 }
  const inner = plays !== undefined
    ? { type: plays.split(":")[0], id: plays.split(":")[1], title: plays, seconds: 60 }
    : whispers !== undefined
    ? { from: person, to: { name: happening.to ?? "MovieBot" }, msg: whispers, meta, time }
    : { user: person, msg: says ?? "", meta, time }
  const type = plays !== undefined ? "changeMedia" : whispers !== undefined ? "pm" : "chatMsg"
  const { domain } = happening
  const payload = domain === undefined
    ? inner
    : { event_name: type, payload: inner, channel: room, domain, timestamp: new Date(time).toISOString() }
  return { room, type, payload }
}

/** What a scenario expects or got, in its own words. */
export interface Played {
  readonly ends: ReadonlyArray<{ readonly event: string; readonly end: string }>
  readonly looks: ReadonlyArray<string>
  readonly commands: Scenario["commands"]
  readonly records: ReadonlyArray<DecisionRecord>
  readonly prompts: ReadonlyArray<string>
}

const idOf = (index: number): string => `event-${index + 1}`
const named = ({ at, joins, leaves, plays, says, whispers }: Happening): string =>
  `${at} s: ${says ?? whispers ?? plays ?? (joins ?? leaves ? "comes or goes" : "the same")}`

/** Plays a scenario on the whole bot in simulated time and says what came of it. */
export const play = (scenario: Scenario): Effect.Effect<Played> => {
  const settings = settingsOf(stringify({ ...base, ...scenario.config }))
  return Effect.gen(function*() {
    const simulation = yield* Simulation
    let last: Event | undefined
    for (const [index, happening] of scenario.happens.entries()) {
      yield* passTo(happening.at * 1000)
      last = happening.again === true && last !== undefined ? last : eventOf(happening)
      yield* simulation.publish(last.room, last.type, last.payload, idOf(index))
    }
    const end = (scenario.happens.at(-1)?.at ?? 0) + (scenario.then_wait ?? 60)
    yield* passTo(end * 1000)
    const records = yield* simulation.records
    const commands = yield* simulation.commands
    return {
      ends: scenario.happens.flatMap((happening, index) => {
        const record = records.find(({ correlationId }) => correlationId === idOf(index))
        return record === undefined ? [] : [{ event: named(happening), end: endOf(record) }]
      }),
      looks: records.filter(({ eventType }) => eventType === "contextual").map(endOf),
      commands: commands.map(({ at, channel, message, to }) => ({
        at: at / 1000,
        room: channel,
        ...(to === undefined ? {} : { to }),
        says: message
      })),
      records,
      prompts: (yield* simulation.requests).map(({ messages }) => messages.map(({ content }) => content).join("\n"))
    }
  }).pipe(
    Effect.provide(Simulation.layer(settings, (_, index) => answerOf(scenario, index))),
    Effect.provide([VirtualTime.layer, Logger.layer([])]),
    Effect.scoped
  )
}

/** What the scenario says should have come of it, in the form of `play`. */
export const expectedOf = (scenario: Scenario): Pick<Played, "ends" | "looks" | "commands"> => ({
  ends: scenario.happens.flatMap((happening) =>
    happening.expect === undefined ? [] : [{ event: named(happening), end: happening.expect }]
  ),
  looks: scenario.looks ?? [],
  commands: scenario.commands.map((command) => ({ ...command, room: command.room ?? "lobby" }))
})

/** The record of the nth event, for scenarios that say `because`. */
export const recordOf = (records: ReadonlyArray<DecisionRecord>, index: number): DecisionRecord | undefined =>
  records.find(({ correlationId }) => correlationId === idOf(index))
