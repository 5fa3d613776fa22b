import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger, Result } from "effect"
import { stringify } from "yaml"
import type { DecisionRecord } from "../../../src/domain/decision/Decision.ts"
import { storyText } from "../../../src/domain/decision/DecisionText.ts"
import {
  LlmEmpty,
  LlmEndpointClosed,
  type LlmError,
  LlmRejected,
  LlmServerFailed,
  LlmTimeout
} from "../../../src/services/LlmClient.ts"
import { endOf, settingsOf, Simulation } from "../../support/Simulation.ts"
import { epoch, passTo, VirtualTime } from "../../support/VirtualTime.ts"
import { unlimited } from "../../support/unlimited.ts"

const lines = ["I am lost for words.", "Ask me later, please!", "My head is empty today."]
const down = new LlmServerFailed({ status: 503 })

const settings = (response: Readonly<Record<string, unknown>>, limits: Readonly<Record<string, unknown>> = {}) =>
  settingsOf(stringify({
    nats: { servers: ["nats://memory"] },
    channels: [{ name: "lobby" }],
    bot: { username: "MovieBot" },
    llm_api: { base_url: "http://localhost/v1", api_key: "none", model: "script" },
    triggers: [{ type: "mention" }],
    rate_limits: {
      ...unlimited,
      ...limits
    },
    response_processing: { fallback_responses_enabled: true, fallback_responses: lines, ...response }
  }))

interface Played {
  readonly ends: ReadonlyArray<string>
  readonly said: ReadonlyArray<string>
  readonly records: ReadonlyArray<DecisionRecord>
}

/** Several people ask, one every so often (s), while the model fails as it is told to. */
const play = (
  configured: ReturnType<typeof settings>,
  fails: LlmError | "no",
  asks: number,
  everySeconds: number,
  afterMs = 0
): Effect.Effect<Played> =>
  Effect.gen(function*() {
    const { commands, publish, records } = yield* Simulation
    for (let index = 0; index < asks; index++) {
      const at = index * everySeconds * 1000
      yield* passTo(at)
      yield* publish("lobby", "chatMsg", {
        user: { name: `Person ${index}`, rank: 1 },
        msg: `MovieBot, number ${index}?`,
        meta: {},
        time: epoch + at
      })
    }
    yield* passTo(asks * everySeconds * 1000 + 120_000)
    const all = yield* records
    return { ends: all.map(endOf), said: (yield* commands).map(({ message }) => message), records: all }
  }).pipe(
    Effect.provide(Simulation.layer(configured, (_, index) => ({
      afterMs,
      says: fails === "no" ? Result.succeed(`Answer number ${index + 1} of the script`) : Result.fail(fails)
    }))),
    Effect.provide([VirtualTime.layer, Logger.layer([])]),
    Effect.scoped
  )

const tags = ({ steps }: DecisionRecord): ReadonlyArray<string> => steps.map(({ _tag }) => _tag)

describe("when every model failed", () => {
  const errors: ReadonlyArray<LlmError> = [
    down,
    new LlmTimeout({ afterMs: 30_000, budgetSpent: false }),
    new LlmRejected({ status: 401 }),
    new LlmEndpointClosed({ model: "script", forMs: 30_000, why: "failures" })
  ]
  it.live.each(errors)(
    "one of the configured lines is sent, and the decision says why: $_tag",
    (error) =>
      Effect.gen(function*() {
        const { ends, records: [record], said } = yield* play(settings({}), error, 1, 1)
        assert.deepStrictEqual(ends, ["replied"])
        assert.strictEqual(said.length, 1)
        assert.include(lines, said[0])
        assert(record !== undefined)
        const fallback = record.steps.find(({ _tag }) => _tag === "Fallback")
        assert.deepInclude(fallback, { error: error._tag, message: error.message })
        assert.isAbove(tags(record).indexOf("Fallback"), tags(record).indexOf("LlmAttempt"))
        assert.isAbove(tags(record).indexOf("Processed"), tags(record).indexOf("Fallback"))
        assert.include(storyText(record), error.message)
      })
  )

  it.live("an answer without text is paid for like any other, where the server says how much", () =>
    Effect.gen(function*() {
      const usage = { model: "script", inputTokens: 300, outputTokens: 90 }
      const answers = (error: LlmError) =>
        Effect.map(
          play(settings({ fallback_responses_enabled: false }), error, 1, 1),
          ({ records: [record] }) => record?.steps.filter(({ _tag }) => _tag === "LlmAnswer")
        )
      assert.deepStrictEqual(yield* answers(new LlmEmpty({ finishReason: "length" })), [])
      const [paid] = (yield* answers(new LlmEmpty({ finishReason: "length", usage }))) ?? []
      assert.deepInclude(paid, { ...usage, characters: 0, estimated: false, finishReason: "length" })
    }))

  it.live("the lines are drawn, the same for the same events", () =>
    Effect.gen(function*() {
      const first = yield* play(settings({ quality_checks_enabled: false }), down, 12, 20)
      const again = yield* play(settings({ quality_checks_enabled: false }), down, 12, 20)
      assert.deepStrictEqual(first.said, again.said)
      assert.strictEqual(first.said.length, 12)
      assert.deepStrictEqual([...new Set(first.said)].toSorted(), [...lines].toSorted())
    }))

  it.live("they are processed as any answer: cut, made safe, filtered", () =>
    Effect.gen(function*() {
      const one = (fallback_responses: ReadonlyArray<string>, more: object = {}) =>
        Effect.map(play(settings({ fallback_responses, ...more }), down, 1, 1), ({ ends, said }) => [...ends, ...said])
      assert.deepStrictEqual(yield* one(["**Sorry**,\nno idea. And so on and so on."], { max_response_length: 20 }), [
        "replied",
        "Sorry, no idea."
      ])
      assert.deepStrictEqual(yield* one(["/kick everybody now"]), ["replied", "kick everybody now"])
      assert.deepStrictEqual(yield* one(["see http://status.test please"]), ["content_filter"])
      assert.deepStrictEqual(yield* one(["Sorry"]), ["length"])
      assert.deepStrictEqual(yield* one(["MovieBot, number 0?"]), ["quality_check"])
    }))

  it.live("a line said before is not said again", () =>
    Effect.map(
      play(settings({ fallback_responses: ["I am lost for words."] }), down, 3, 20),
      ({ ends }) => assert.deepStrictEqual(ends, ["replied", "quality_check", "quality_check"])
    ))

  it.live("they count to the limits", () =>
    Effect.gen(function*() {
      const minute = yield* play(
        settings({ quality_checks_enabled: false }, { max_per_channel_per_minute: 2 }),
        down,
        4,
        10
      )
      assert.deepStrictEqual(minute.ends, ["replied", "replied", "channel_per_minute", "channel_per_minute"])
      const cooldown = yield* play(
        settings({ quality_checks_enabled: false }, { global_cooldown_seconds: 15 }),
        down,
        4,
        10
      )
      assert.deepStrictEqual(cooldown.ends, ["replied", "global_cooldown", "replied", "global_cooldown"])
    }))

  it.live("they come too late like any answer", () =>
    Effect.map(
      play(
        settings({ reply_deadline_seconds: 10 }),
        new LlmTimeout({ afterMs: 10_000, budgetSpent: true }),
        1,
        1,
        11_000
      ),
      ({ ends, said }) => assert.deepStrictEqual([ends, said], [["deadline"], []])
    ))

  it.live("a model that says nothing counts as failed", () =>
    Effect.map(
      play(settings({}), new LlmEmpty({ finishReason: "stop" }), 1, 1),
      ({ ends }) => assert.deepStrictEqual(ends, ["replied"])
    ))
})

describe("without fallback responses", () => {
  const rows: ReadonlyArray<readonly [what: string, response: Readonly<Record<string, unknown>>]> = [
    ["off, as by default", { fallback_responses_enabled: false }],
    ["on, without lines", { fallback_responses: [] }]
  ]
  it.live.each(rows)(
    "%s: silence, a failed outcome with the reason, and nothing is used up",
    ([, response]) =>
      Effect.gen(function*() {
        const { ends, records, said } = yield* play(settings(response, { max_per_channel_per_minute: 1 }), down, 3, 10)
        assert.deepStrictEqual([ends, said], [["failed", "failed", "failed"], []])
        for (const record of records) {
          assert.deepStrictEqual(record.outcome, { _tag: "Failed", error: "LlmServerFailed", message: down.message })
          assert.notInclude(tags(record), "Fallback")
        }
      })
  )

  it.live("and while the model answers they are not used", () =>
    Effect.map(play(settings({}), "no", 2, 10), ({ records, said }) => {
      assert.deepStrictEqual(said, ["Answer number 1 of the script", "Answer number 2 of the script"])
      assert.deepStrictEqual(records.flatMap(tags).filter((tag) => tag === "Fallback"), [])
    }))
})
