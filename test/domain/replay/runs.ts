import { Arbitrary, Effect, Schema } from "effect"
import { DecisionRecord, skipped, type Step } from "../../../src/domain/decision/Decision.ts"
import { ChannelName, CorrelationId, EntryKey, Username } from "../../../src/domain/Ids.ts"
import type { ReplayRun } from "../../../src/domain/replay/ReplayRun.ts"
import { play, Scenario } from "../../support/Scenario.ts"

/** A Thursday evening. */
export const evening = Date.UTC(2026, 0, 1, 20)

/** A run with nothing in it but what is given. */
export const runOf = (parts: Partial<ReplayRun>): ReplayRun => {
  const decisions = parts.decisions ?? []
  const times = decisions.map(({ arrivedAt }) => arrivedAt)
  return {
    log: "evening.jsonl",
    config: "a.yaml",
    botNames: ["MovieBot", "mb"],
    from: times.reduce((least, time) => Math.min(least, time), times[0] ?? evening),
    to: times.reduce((most, time) => Math.max(most, time), times[0] ?? evening),
    events: decisions.length,
    unusable: [],
    unusableCount: 0,
    restarts: [],
    reloads: [],
    followsLive: false,
    backwards: undefined,
    merged: undefined,
    model: { _tag: "StandIn", standInMs: 1_500 },
    decisions,
    live: [],
    ...parts
  }
}

/** A decision by what matters about it. */
export const decisionOf = (
  parts: Partial<Omit<DecisionRecord, "correlationId" | "username">> & { readonly id: string; readonly user?: string }
): DecisionRecord => {
  const { id, user = "Ana", ...rest } = parts
  return {
    correlationId: CorrelationId.make(id),
    channel: ChannelName.make("lobby"),
    eventType: "chatMsg",
    username: Username.make(user),
    arrivedAt: evening,
    steps: [],
    ...rest
  }
}

const mixedUp = Arbitrary.schema(Schema.Struct({
  record: DecisionRecord,
  id: Schema.Literals(["one", "two", "three"]),
  after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 200_000_000 }))
}))

/** Tokens that can be added up. */
const countable = (step: Step): Step =>
  step._tag === "LlmAnswer"
    ? { ...step, inputTokens: Math.abs(step.inputTokens) % 1e6, outputTokens: Math.abs(step.outputTokens) % 1e6 }
    : step

/** Any decisions at all, within some days, in order of arrival; some are about the same event. */
export const anyDecisions: Arbitrary.Arbitrary<ReadonlyArray<DecisionRecord>> = Arbitrary.array(mixedUp, {
  maxLength: 30
}).pipe(
  Arbitrary.map((all) =>
    all.map(({ after, id, record }): DecisionRecord => ({
      ...record,
      correlationId: CorrelationId.make(id),
      arrivedAt: evening + after,
      steps: record.steps.map(countable)
    }))
      .toSorted((a, b) => a.arrivedAt - b.arrivedAt)
  )
)

const Room = Schema.fromJsonString(Scenario)

/** What the whole bot decides in simulated time about a small evening, with at most so many lines a minute. */
export const simulatedRun = (config: string, perMinute: number): Effect.Effect<ReplayRun> => {
  const scenario = Schema.decodeSync(Room)(JSON.stringify({
    holds: ["F12"],
    story: "an evening in the lobby",
    config: {
      telemetry: { log_content: true },
      triggers: [{ type: "mention" }, { type: "pm" }, { type: "keyword", keywords: ["popcorn"], fire_probability: 0 }],
      rate_limits: {
        max_per_channel_per_minute: perMinute,
        global_cooldown_seconds: 0,
        media_change_cooldown_seconds: 30
      }
    },
    model: [{ says: "The butler, as always", after: 2 }, { says: "Wait and see", after: 1 }, { fails: "rejected" }, {
      says: "Popcorn for everyone"
    }],
    happens: [
      { at: 0, from: "Ana", says: "evening all" },
      { at: 5, from: "Ana", says: "MovieBot who did it?" },
      { at: 12, from: "Bob", says: "popcorn anyone? <img src=x onerror=alert(1)>" },
      { at: 20, from: "Bob", says: "MovieBot is it over soon?" },
      { at: 31, from: "映画ファン", says: "ねえ MovieBot" },
      { at: 40, from: "Ana", whispers: "tell me a secret" },
      { at: 42, from: "MovieBot", says: "The butler, as always" },
      { at: 90, plays: "yt:abc" },
      { at: 95, from: "Bob", says: "MovieBot what is this?" },
      { at: 3_700, from: "Cyd", says: "MovieBot still there?" },
      { at: 3_701, again: true }
    ],
    commands: []
  }))
  return Effect.map(play(scenario), ({ records }) =>
    runOf({
      config,
      decisions: records.toSorted((a, b) => a.arrivedAt - b.arrivedAt),
      unusable: [{ line: 3, why: "it is no JSON" }],
      unusableCount: 1
    }))
}

/** Numbers below 1 that only look like chance. */
const chance = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}

const mention = EntryKey.make("mention")
const keyword = EntryKey.make("keyword")
const people = [
  "Ana",
  "bob_the_builder",
  "Çağla",
  "drift",
  "Eve",
  "映画ファン",
  "grumpy",
  "Hal",
  "ivy",
  "Jo",
  "kit",
  "Lu",
  "Max"
]
const things = [
  "lol",
  "what is this scene",
  "popcorn anyone?",
  "I have seen this one before, the ending is great",
  "🍿🍿🍿",
  "that hat",
  "who picked this movie",
  "skip",
  "no way he survives that",
  "<b>bold</b> move",
  "その帽子いいね"
]
const asks = ["what do you think?", "who plays the detective?", "tell us a joke", "is this the director's cut?"]

/**
 * An evening as long as one likes, the same every time: people talk, some of them to the bot, which answers at most
 * `perMinute` lines a minute, by a rule much simpler than the real limiter.
 */
export const longEvening = (
  lines: number,
  options: { readonly perMinute: number; readonly config?: string; readonly everyMs?: number }
): ReplayRun => {
  const next = chance(7)
  const { everyMs = 2_000, perMinute } = options
  const pick = (from: ReadonlyArray<string>): string => from[Math.floor(next() * from.length)] ?? ""
  const sent: Array<number> = []
  const said: Array<string> = []
  const decisions = Array.from({ length: lines }, (_, index): DecisionRecord => {
    const arrivedAt = evening + Math.floor(index * everyMs + next() * everyMs)
    const asked = next() < 0.04
    const user = pick(people)
    const line = asked
      ? `MovieBot ${pick(asks)}`
      : `${pick(things)}${next() < 0.5 ? ` ${Math.floor(next() * 1000)}` : ""}`
    said.push(`${user}: ${line}`)
    const [draw, trouble, wait] = [Math.round(next() * 100) / 100, next(), 800 + Math.floor(next() * 4_000)]
    const record = decisionOf({ id: `event-${index + 1}`, user, arrivedAt, content: { line } })
    const context: Step = { _tag: "Context", at: 0, lines: Math.min(30, index + 1), private: false }
    const tested = (result: Extract<Step, { _tag: "Trigger" }>["result"]): Step => ({
      _tag: "Trigger",
      at: 0.4,
      entry: mention,
      result
    })
    if (!asked) {
      const steps: ReadonlyArray<Step> = [context, tested({ _tag: "NoMatch" }), {
        _tag: "Trigger",
        at: 0.5,
        entry: keyword,
        result: { _tag: "NoMatch" }
      }]
      return { ...record, steps, outcome: skipped("no_match") }
    }
    const drawn = { matched: "MovieBot", draw, needed: 0.8, unlucky: 0 }
    if (draw >= 0.8) {
      return { ...record, steps: [context, tested({ _tag: "Probability", ...drawn })], outcome: skipped("probability") }
    }
    const used = sent.filter((time) => time > arrivedAt - 60_000).length
    const gate: Step = {
      _tag: "Limit",
      at: 0.7,
      limit: "channel_per_minute",
      used,
      maximum: perMinute,
      allowed: used < perMinute
    }
    const fired: ReadonlyArray<Step> = [context, tested({ _tag: "Fired", ...drawn }), gate]
    if (used >= perMinute) {
      return { ...record, steps: fired, outcome: skipped("channel_per_minute", { retryAfterMs: 12_000 }) }
    }
    const prompt = [
      {
        role: "system",
        content: "You are MovieBot, a guest in a room that watches films.\nAnswer in one short sentence."
      },
      { role: "user", content: `The room said:\n${said.slice(-30).join("\n")}\nAnswer ${user}.` }
    ]
    const asking: ReadonlyArray<Step> = [
      ...fired,
      { _tag: "Admitted", at: 0.8, entry: mention },
      {
        _tag: "Prompt",
        at: 1,
        contextLines: 30,
        characters: prompt.reduce((sum, { content }) => sum + content.length, 0)
      }
    ]
    const attempt = { _tag: "LlmAttempt", at: wait, model: "test-model", attempt: 1, durationMs: wait } as const
    if (trouble < 0.02) {
      const steps: ReadonlyArray<Step> = [...asking, { ...attempt, status: "timeout", detail: "no answer" }]
      return {
        ...record,
        content: { line, prompt },
        steps,
        outcome: { _tag: "Failed", error: "LlmTimeout", message: "the model did not answer within 30 s" }
      }
    }
    sent.push(arrivedAt + wait)
    const answer = `"Answer ${index + 1}: the detective, as always."`
    const reply = answer.slice(1, -1)
    return {
      ...record,
      content: { line, prompt, answer, reply },
      steps: [
        ...asking,
        { ...attempt, status: "success", detail: "" },
        {
          _tag: "LlmAnswer",
          at: wait,
          model: "test-model",
          characters: answer.length,
          inputTokens: 900,
          outputTokens: 14,
          estimated: trouble < 0.5,
          finishReason: "stop"
        },
        { _tag: "Processed", at: wait, step: "clean", before: answer.length, after: reply.length },
        { _tag: "Processed", at: wait, step: "checks", before: reply.length, after: reply.length },
        { _tag: "Sent", at: wait, target: "chat", characters: reply.length }
      ],
      outcome: { _tag: "Replied", afterMs: wait },
      ...(trouble < 0.05
        ? { delivery: { _tag: "Unconfirmed" } }
        : { delivery: { _tag: "Delivered", afterMs: 240 } })
    }
  })
  return runOf({ decisions, config: options.config ?? "a.yaml", events: lines })
}
