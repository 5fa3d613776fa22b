import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { EntryKey, EventIdentity } from "../../../src/domain/Ids.ts"
import { TriggerEntry, triggerOrder } from "../../../src/domain/triggers/TriggerEntry.ts"
import {
  compileTriggers,
  draw,
  evaluateTriggers,
  type TriggerDecision,
  type TriggerFacts
} from "../../../src/domain/triggers/Trigger.ts"

type Entry = typeof TriggerEntry.Encoded

const decode = Schema.decodeUnknownSync(Schema.Array(TriggerEntry))
const compiled = (...entries: ReadonlyArray<Entry>) => compileTriggers(decode(entries), ["MovieBot"])

const identity = (index: number): EventIdentity => EventIdentity.make(`event ${index}`)
const mention = EntryKey.make("mention")

const facts: TriggerFacts = {
  text: "MovieBot, is the popcorn ready?",
  private: false,
  seed: 0,
  identity: () => identity(0),
  cooldownRemaining: () => 0,
  unluckyDraws: () => 0
}

/** The entry that fired, or why none did. */
const endOf = (decision: TriggerDecision): string => decision._tag === "Fired" ? decision.trigger.key : decision.reason

/** Every test on the way, in order. */
const testsOf = ({ tests }: TriggerDecision): ReadonlyArray<string> =>
  tests.map(({ result, trigger }) => `${trigger.key} ${result._tag}`)

const popcorn = { type: "keyword", keywords: ["popcorn"] } as const
const seeds = Array.from({ length: 20 }, (_, seed) => seed)
const events = Array.from({ length: 1_000 }, (_, index) => identity(index))

const fires = (probability: number, seed: number): number => {
  const triggers = compiled({ type: "mention", fire_probability: probability })
  return events.filter((event) =>
    evaluateTriggers(triggers, { ...facts, seed, identity: () => event })._tag === "Fired"
  )
    .length
}

describe("the dice", () => {
  it.each(seeds)("of seed %i: 0 never, 1 always, 0.5 half the time", (seed) => {
    assert.strictEqual(fires(0, seed), 0)
    assert.strictEqual(fires(1, seed), 1_000)
    assert.isAtLeast(fires(0.5, seed), 450)
    assert.isAtMost(fires(0.5, seed), 550)
  })

  it("fall alike whatever was drawn before", () => {
    const triggers = compiled({ type: "mention", fire_probability: 0.5 })
    const one = (event: EventIdentity): string => endOf(evaluateTriggers(triggers, { ...facts, identity: () => event }))
    const forward = events.map(one)
    assert.deepStrictEqual([...events].toReversed().map(one).toReversed(), forward)
    assert.deepStrictEqual(events.map(one), forward)
  })

  it("differ between events, seeds and entries", () => {
    const draws = [
      ...events.map((event) => draw(0, event, mention)),
      ...seeds.slice(1).map((seed) => draw(seed, identity(0), mention)),
      draw(0, identity(0), EntryKey.make("mention 2")),
      draw(0, identity(0), EntryKey.make("keyword"))
    ]
    assert.strictEqual(new Set(draws).size, draws.length)
  })

  it("are told with what was needed", () => {
    const [first] = evaluateTriggers(compiled({ type: "mention", fire_probability: 0.5 }), facts).tests
    assert.deepStrictEqual({ ...first?.result }, {
      _tag: draw(0, identity(0), mention) < 0.5 ? "Fired" : "Probability",
      matched: "MovieBot",
      draw: draw(0, identity(0), mention),
      needed: 0.5,
      unlucky: 0
    })
  })

  it("are not thrown during a cooldown", () => {
    const triggers = compiled({ type: "mention", cooldown_seconds: 10 })
    const decision = evaluateTriggers(triggers, { ...facts, cooldownRemaining: () => 1 })
    assert.deepStrictEqual(decision.tests.map(({ result }) => result), [
      { _tag: "Cooldown", matched: "MovieBot", remainingMs: 1, cooldownMs: 10_000 }
    ])
  })

  const luck: ReadonlyArray<readonly [unlucky: number, probability: number, end: string]> = [
    [0, 0.000_001, "probability"],
    [2, 0.000_001, "probability"],
    [3, 0.000_001, "mention"],
    [4, 0.000_001, "mention"],
    [3, 0, "probability"]
  ]

  it.each(luck)("after %i losing draws at probability %d: %s", (unlucky, probability, end) => {
    const triggers = compiled({ type: "mention", fire_probability: probability, max_unlucky_draws: 3 })
    assert.strictEqual(endOf(evaluateTriggers(triggers, { ...facts, unluckyDraws: () => unlucky })), end)
  })

  it("count no losing draws where that is off", () => {
    const triggers = compiled({ type: "mention", fire_probability: 0.000_001 })
    assert.strictEqual(endOf(evaluateTriggers(triggers, { ...facts, unluckyDraws: () => 1_000 })), "probability")
  })
})

describe("what a trigger says it matched", () => {
  // It is logged, so it must not be a piece of what somebody wrote (N4).
  it("is a word of the configuration or ours, in any type", () => {
    const said = [
      "MOVIEBOT, is the PopCorn https://my.example/secret ready?",
      "popcorns moviebot!",
      "@MovieBot, secret?"
    ]
    const ours = ["MovieBot", "popcorn", "private message"]
    for (const type of triggerOrder) {
      const [trigger] = compiled(type === "keyword" ? { ...popcorn, match: "substring" } : { type })
      for (const text of said) assert.include([...ours, undefined], trigger?.matches(text), `${type}: ${text}`)
    }
  })
})

describe("triggers in order", () => {
  const all: ReadonlyArray<Entry> = [{ type: "contextual" }, popcorn, { type: "pm" }, { type: "mention" }]

  it("are mention, pm, keyword, contextual whatever the order in the file", () => {
    assert.deepStrictEqual(compiled(...all).map(({ key }) => key), ["mention", "pm", "keyword", "contextual"])
  })

  it("a mention is tried before a keyword", () => {
    assert.strictEqual(endOf(evaluateTriggers(compiled(...all), facts)), "mention")
    assert.strictEqual(endOf(evaluateTriggers(compiled(...all), { ...facts, text: "popcorn?" })), "keyword")
  })

  it("a private message is tested by private entries only, and no other line by them", () => {
    const whispered = { ...facts, private: true }
    assert.deepStrictEqual(testsOf(evaluateTriggers(compiled(...all), whispered)), ["pm Fired"])
    assert.deepStrictEqual(testsOf(evaluateTriggers(compiled(popcorn, { type: "mention" }), whispered)), [])
    assert.deepStrictEqual(testsOf(evaluateTriggers(compiled({ type: "pm" }), facts)), [])
  })

  it("entries of one type keep the order of the list", () => {
    const triggers = compiled({ ...popcorn, fire_probability: 0 }, { type: "mention" }, popcorn, popcorn)
    const decision = evaluateTriggers(triggers, { ...facts, text: "popcorn" })
    assert.deepStrictEqual(testsOf(decision), ["mention NoMatch", "keyword Probability", "keyword 2 Fired"])
  })

  it("what fires ends the evaluation", () => {
    assert.deepStrictEqual(testsOf(evaluateTriggers(compiled({ type: "mention" }, popcorn), facts)), ["mention Fired"])
  })

  it("cooldown and dice let the next one try", () => {
    const triggers = compiled(
      { type: "mention", cooldown_seconds: 10 },
      { type: "mention", fire_probability: 0 },
      popcorn
    )
    const decision = evaluateTriggers(triggers, { ...facts, cooldownRemaining: ({ key }) => key === "mention" ? 5 : 0 })
    assert.deepStrictEqual(testsOf(decision), ["mention Cooldown", "mention 2 Probability", "keyword Fired"])
  })

  it("a disabled entry is not tested", () => {
    const decision = evaluateTriggers(compiled({ type: "mention", enabled: false }), facts)
    assert.deepStrictEqual([endOf(decision), ...testsOf(decision)], ["no_match", "mention Disabled"])
  })

  const silences: ReadonlyArray<readonly [why: string, entries: ReadonlyArray<Entry>, text: string, reason: string]> = [
    ["nothing matched", [{ type: "mention" }, popcorn], "hello", "no_match"],
    ["there is no entry", [], "MovieBot", "no_match"],
    ["what matched cools down", [{ type: "mention" }, popcorn], "MovieBot", "cooldown"],
    [
      "the first that matched and refused is named",
      [{ ...popcorn, fire_probability: 0 }, { type: "mention" }],
      "MovieBot popcorn",
      "cooldown"
    ],
    ["the dice said no", [{ ...popcorn, fire_probability: 0 }], "popcorn", "probability"]
  ]

  it.each(silences)("%s", (_, entries, text, reason) => {
    const cooling = {
      ...facts,
      text,
      cooldownRemaining: ({ key }: { readonly key: EntryKey }) => key === "mention" ? 5 : 0
    }
    assert.strictEqual(endOf(evaluateTriggers(compiled(...entries), cooling)), reason)
  })
})
