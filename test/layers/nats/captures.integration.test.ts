import { resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Array, Effect, Layer } from "effect"
import { Protocol } from "../../../src/domain/wire/protocols/Protocol.ts"
import { Bus, type BusMessage } from "../../support/Bus.ts"
import {
  bare,
  bodyOf,
  type Captured,
  decisionType,
  isEvent,
  loadCapture,
  sentCorrelationId,
  shifted
} from "../../support/Capture.ts"
import { compared, loadExpected } from "../../support/Expected.ts"
import { golden } from "../../support/Golden.ts"
import { LlmDouble, promptOf } from "../../support/LlmDouble.ts"
import { LogLines } from "../../support/LogLines.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { decisions, everythingOff, runningBot } from "../../support/RunningBot.ts"

/** What goes through the bot, and the golden that tells what it decides. */
interface Capture {
  readonly name: string
  readonly protocol: Protocol
  readonly capture: Effect.Effect<ReadonlyArray<Captured>>
  readonly decisions: string
}

/** `plain` is written by hand in the plain shape, `cytube` is the legacy capture without its envelopes: the same is decided. */
const captures: ReadonlyArray<Capture> = [
  { name: "kryten", protocol: "kryten", capture: loadCapture("kryten"), decisions: "kryten" },
  {
    name: "kryten-legacy",
    protocol: "kryten-legacy",
    capture: loadCapture("kryten-legacy"),
    decisions: "kryten-legacy"
  },
  {
    name: "cytube",
    protocol: "cytube",
    capture: Effect.map(loadCapture("kryten-legacy"), (all) => all.map(bare)),
    decisions: "kryten-legacy"
  },
  { name: "plain", protocol: "cytube", capture: loadCapture("plain"), decisions: "plain" }
]

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const goldenFile = (name: string): string => resolve(import.meta.dirname, `../../fixtures/golden/decisions.${name}.txt`)

/** Sends the events in order; `step` waits after each until the bot has dealt with it. */
const replay = Effect.fnUntraced(function*(capture: ReadonlyArray<Captured>, step: boolean) {
  const bus = yield* Bus
  const events = shifted(capture.filter(isEvent), Date.now())
  let decided = 0
  for (const event of events) {
    yield* bus.send(event.subject, bodyOf(event), event.headers ?? {})
    if (decisionType(event) === undefined) continue
    decided += 1
    if (step) yield* decisions(decided)
  }
  yield* decisions(decided)
  const commands = yield* bus.commands
  // Read again: an own line among the last events amends the decision it confirms a moment later.
  const records = yield* decisions(decided)
  return { events, commands, records, decided: events.filter((event) => decisionType(event) !== undefined) }
})

type Replayed = Effect.Success<ReturnType<typeof replay>>

/** Every event has one decision, in order, of its type and under its own correlation id (F1, F12). */
const assertDecided = ({ decided, records }: Replayed): void => {
  assert.isAbove(decided.length, 0)
  assert.isBelow(decided.length, 200, "the decision log keeps 200")
  assert.strictEqual(records.length, decided.length, "events in equal records out")
  for (const [event, { correlationId, eventType }] of Array.zip(decided, records)) {
    assert.strictEqual(eventType, decisionType(event))
    const sent = sentCorrelationId(event)
    if (sent === undefined) assert.match(correlationId, uuid)
    else assert.strictEqual(correlationId, sent)
  }
}

/** An undecodable event is one warning that names the field and the constraint, never the content (F1). */
const assertWarned = Effect.fnUntraced(function*({ events }: Replayed) {
  const lines = yield* LogLines.use(({ all }) => all)
  const errors = lines.flatMap(({ annotations, level, message }) =>
    message === "Invalid event" && level === "Warn" ? [String(annotations["error"])] : []
  )
  assert.deepStrictEqual(
    errors.map((error) => error.match(/^([\w.]+): ./)?.[1]),
    events.flatMap(({ invalid }) => invalid ?? [])
  )
  for (const error of errors) assert.notMatch(error, /KrytenBot|yesterday|psst|BBB|42|1\.5|256/)
  assert.deepStrictEqual(lines.filter(({ level }) => level === "Error" || level === "Fatal"), [])
})

/** The commands without those that were sent again. */
const sentOnce = (commands: ReadonlyArray<BusMessage>): ReadonlyArray<BusMessage> =>
  commands.filter(({ headers }, index) =>
    commands.findIndex((other) => other.headers["Correlation-Id"] === headers["Correlation-Id"]) === index
  )

const world = (protocol: string, more: string) =>
  runningBot(protocol, more).pipe(
    Layer.provideMerge(Layer.mergeAll(Bus.layer, LlmDouble.layer, LogLines.layer)),
    Layer.provideMerge(NatsServer.layer)
  )

it("every protocol has a capture", () =>
  assert.deepStrictEqual(
    [...new Set(captures.map(({ protocol }) => protocol))].toSorted(),
    [...Protocol.literals].toSorted()
  ))

/** With everything off every call is answered. */
const answersAll = Effect.fnUntraced(function*({ capture, name }: Capture) {
  const began = Date.now()
  const wanted = yield* loadExpected(name)
  const replayed = yield* replay(yield* capture, true)
  assert.isAbove(wanted.length, 0)
  const { actual, expected } = compared(replayed.commands, wanted, true)
  assert.deepStrictEqual(actual, expected)
  for (const { headers } of replayed.commands) {
    assert.isAtLeast(Number(headers["Timestamp"]), began)
    assert.isAtMost(Number(headers["Timestamp"]), Date.now())
  }
  const ids = replayed.commands.map(({ headers }) => headers["Nats-Msg-Id"])
  assert.strictEqual(new Set(ids).size, ids.length, "each trigger has a message id of its own")
  assertDecided(replayed)
  yield* assertWarned(replayed)
  return replayed
})

/** With the default configuration some are refused, each for its reason. */
const refusesSome = Effect.fnUntraced(function*({ capture, name }: Capture) {
  const all = yield* loadExpected(name)
  const replayed = yield* replay(yield* capture, true)
  const { actual, expected } = compared(replayed.commands, all.filter(({ refused }) => refused === undefined), true)
  assert.deepStrictEqual(actual, expected)
  for (const { line, refused } of all) {
    if (refused === undefined) continue
    const outcome = replayed.records[replayed.decided.findIndex((event) => event.line === line)]?.outcome
    assert.deepInclude(outcome, { _tag: "Skipped", reason: refused }, `line ${line}`)
  }
  assertDecided(replayed)
  return replayed
})

// Each waits for the pace of commands (F8), all of them at once.
describe.concurrent("captured events through a real nats-server", () => {
  for (const each of captures) {
    const { capture, decisions, name, protocol } = each
    it.live(`${name}: with everything off every call is answered, with the default configuration some`, ({ expect }) =>
      Effect.gen(function*() {
        const [everythingAnswered, byDefault] = yield* Effect.all([
          Effect.provide(answersAll(each), world(protocol, everythingOff), { local: true }),
          Effect.provide(refusesSome(each), world(protocol, ""), { local: true })
        ], { concurrency: "unbounded" })
        yield* Effect.promise(() =>
          expect(golden(everythingAnswered, byDefault)).toMatchFileSnapshot(goldenFile(decisions))
        )
      }))

    it.live(`${name}: with everything off, all at once`, () =>
      Effect.gen(function*() {
        const wanted = yield* loadExpected(name)
        const replayed = yield* replay(yield* capture, false)
        // A captured refusal may meet one of so many replies at once, which is then sent again.
        const { actual, expected } = compared(sentOnce(replayed.commands), wanted, false)
        assert.deepStrictEqual(actual, expected)
        assertDecided(replayed)
      }).pipe(Effect.provide(world(protocol, everythingOff))))
  }

  it.live("seed: no prompt holds what the model must not see", () =>
    Effect.gen(function*() {
      const replayed = yield* replay(yield* loadCapture("plain"), true)
      const calls = yield* LlmDouble.use(({ calls }) => calls)
      assert.deepStrictEqual(new Set(calls.map(({ authorization }) => authorization)), new Set(["Bearer test-key"]))
      const prompts = calls.map(promptOf).filter((prompt) => prompt !== "")
      assert.lengthOf(prompts, replayed.commands.length)
      const publicPrompts = prompts.filter((prompt) => !prompt.includes("westerns?</line>"))
      assert.lengthOf(publicPrompts, prompts.length - 1)
      for (const prompt of prompts) {
        assert.notMatch(prompt, /shadowy|must not read|muted Bob|from elsewhere|too large/)
      }
      for (const prompt of publicPrompts) assert.notInclude(prompt, "westerns")
    }).pipe(Effect.provide(world("cytube", everythingOff))))
})
