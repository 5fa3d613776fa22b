import { assert, describe, it } from "@effect/vitest"
import { DateTime, Result, Schema } from "effect"
import { DecisionRecord } from "../../../src/domain/decision/Decision.ts"
import {
  answerText,
  defaultLast,
  type ExplainQuery,
  mostDecisions,
  queryText,
  readQuery,
  readReply,
  refusalText,
  selectDecisions,
  selectNewest
} from "../../../src/domain/decision/Explain.ts"
import { explainText } from "../../../src/domain/decision/ExplainText.ts"
import { ChannelName, CorrelationId, EntryKey, Username } from "../../../src/domain/Ids.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

const record = (id: string, channel: string, username: string | undefined, arrivedAt: number): DecisionRecord => ({
  correlationId: CorrelationId.make(id),
  channel: ChannelName.make(channel),
  eventType: username === undefined ? "changeMedia" : "chatMsg",
  ...(username === undefined ? {} : { username: Username.make(username) }),
  arrivedAt,
  steps: [{ _tag: "Trigger", at: 1, entry: EntryKey.make("mention"), result: { _tag: "NoMatch" } }],
  outcome: { _tag: "Skipped", reason: "no_match" }
})

/** As the log gives them: each channel's oldest first. */
const records = [
  record("a", "Lobby", "Ana", 10),
  record("b", "Lobby", "bob", 30),
  record("c", "Lobby", undefined, 50),
  record("d", "second", "ANA", 20),
  record("e", "second", "bob", 40),
  record("b", "second", "bob", 45)
]

const ids = (query: ExplainQuery): string =>
  selectDecisions(records, query).map(({ correlationId }) => correlationId).join("")
/** The same, channel by channel, each read only as far as need be. */
const idsByChannel = (query: ExplainQuery): string =>
  ["second", "Lobby"].reduce<ReadonlyArray<DecisionRecord>>((found, name) => {
    const since = (at: number) => records.filter(({ arrivedAt, channel }) => channel === name && arrivedAt >= at)
    return selectNewest(found, since, query)
  }, []).map(({ correlationId }) => correlationId).join("")
const user = (name: string) => ({ user: Username.make(name) })
const channel = (name: string) => ({ channel: ChannelName.make(name) })

describe("a question", () => {
  it.each<[string, ExplainQuery, string]>([
    ["nothing in particular: everything, in the order of arrival over all channels", {}, "adbebc"],
    ["the last ones: the newest", { last: 2 }, "bc"],
    ["a user: the name in any case", user("aNa"), "ad"],
    ["a user and how many", { ...user("BOB"), last: 1 }, "b"],
    ["a channel: the name in any case", channel("LOBBY"), "abc"],
    ["a user in a channel", { ...user("bob"), ...channel("second") }, "eb"],
    ["an id: exactly that, wherever", { correlationId: CorrelationId.make("b") }, "bb"],
    ["an id in another case: none", { correlationId: CorrelationId.make("B") }, ""],
    ["somebody who was not there", user("an"), ""]
  ])("about %s", (_, query, found) => {
    assert.strictEqual(ids(query), found)
    assert.strictEqual(idsByChannel(query), found)
  })

  it("is not answered with what the bot heard of itself, unless it is about that", () => {
    const echo: DecisionRecord = {
      ...record("f", "Lobby", "MovieBot", 60),
      outcome: { _tag: "Skipped", reason: "echo" }
    }
    const found = (query: ExplainQuery) =>
      selectDecisions([...records, echo], query).map(({ correlationId }) => correlationId)
    assert.deepStrictEqual(found({ last: 1 }), ["c"])
    assert.deepStrictEqual(found(user("moviebot")), ["f"])
    assert.deepStrictEqual(found({ correlationId: echo.correlationId }), ["f"])
  })

  it("without a number gets ten", () => {
    const many = Array.from({ length: 25 }, (_, index) => record(`id-${index}`, "lobby", "ana", index))
    assert.deepStrictEqual(selectDecisions(many, {}).map(({ arrivedAt }) => arrivedAt), [
      15,
      16,
      17,
      18,
      19,
      20,
      21,
      22,
      23,
      24
    ])
    assert.strictEqual(defaultLast, 10)
  })

  it("arrives as it was asked", () => {
    const query = { last: 3, ...user("Ana"), ...channel("lobby"), correlationId: CorrelationId.make("x-1") }
    assert.deepStrictEqual(readQuery(bytes(queryText(query))), Result.succeed(query))
    assert.deepStrictEqual(readQuery(bytes("{}")), Result.succeed({}))
  })

  it.each([
    ["nothing", ""],
    ["no JSON", "hello"],
    ["a list", "[]"],
    ["null", "null"],
    ["none at all", "{\"last\":0}"],
    ["half a decision", "{\"last\":1.5}"],
    ["a number as text", "{\"last\":\"3\"}"],
    ["nobody", "{\"user\":\"\"}"],
    ["a field that does not exist", "{\"usr\":\"ana\"}"],
    ["what is no id", "{\"correlationId\":\"a b\"}"],
    ["too much", `{"user":"ana"${" ".repeat(5_000)}}`],
    ["rubbish", "\u0000\ufffd"]
  ])("that is none is told what is expected: %s", (_, text) => {
    const refusal = Result.getOrThrow(Result.flip(readQuery(bytes(text))))
    assert.include(refusal.error, "\"correlationId\"")
    assert.deepStrictEqual(readReply(bytes(refusalText(refusal))), Result.fail(refusal))
  })
})

const explainer = { bot: Username.make("MovieBot"), channels: [ChannelName.make("Lobby")] }
const read = (text: string) => Result.getOrThrow(readReply(bytes(text)))

describe("an answer", () => {
  it("names the bot and holds the decisions, oldest first", () => {
    assert.deepStrictEqual(read(answerText(explainer, records, 1_000_000)), {
      ...explainer,
      decisions: records,
      leftOut: 0
    })
  })

  it("has a hundred decisions at most and says how many older ones there were", () => {
    const many = Array.from({ length: mostDecisions + 7 }, (_, index) => record(`id-${index}`, "lobby", "ana", index))
    const { decisions, leftOut } = read(answerText(explainer, many, 1_000_000))
    assert.deepStrictEqual(decisions, many.slice(7))
    assert.strictEqual(leftOut, 7)
  })

  it("of another version is said to be one", () => {
    const answer = answerText(explainer, records, 1_000_000).replaceAll("NoMatch", "Unheard")
    assert.include(Result.getOrThrow(Result.flip(readReply(bytes(answer)))).error, "version")
  })

  it.prop(
    "is never longer than it may be, and leaves out the oldest",
    [
      Schema.Array(DecisionRecord).check(Schema.isMaxLength(8)),
      Schema.Int.check(Schema.isBetween({ minimum: 200, maximum: 6_000 }))
    ],
    ([found, maxBytes]) => {
      const text = answerText(explainer, found, maxBytes)
      assert.isAtMost(bytes(text).byteLength, maxBytes)
      const { decisions, leftOut } = read(text)
      assert.strictEqual(decisions.length + leftOut, found.length)
      // JSON knows no -0.
      assert.deepStrictEqual(decisions, JSON.parse(JSON.stringify(found.slice(leftOut))))
      // One more would not have found room.
      if (leftOut === 0) return
      const next = answerText(explainer, found.slice(leftOut - 1), 1_000_000)
      assert.isAbove(bytes(next).byteLength, maxBytes - 2)
    }
  )
})

describe("a decision as text", () => {
  const refused: DecisionRecord = {
    ...record("id-1", "Lobby", "Ana", Date.UTC(2026, 10, 22, 14, 16, 1, 5)),
    rank: 2,
    steps: [
      {
        _tag: "Trigger",
        at: 1,
        entry: EntryKey.make("mention"),
        result: { _tag: "Fired", matched: "MovieBot", draw: 0.25, needed: 1, unlucky: 0 }
      },
      { _tag: "Limit", at: 1, limit: "user_per_minute", used: 3, maximum: 3, allowed: false }
    ],
    outcome: { _tag: "Skipped", reason: "user_per_minute", retryAfterMs: 41_500 }
  }
  const text = (one: DecisionRecord, nameBot = false): string =>
    explainText({ ...one, bot: "MovieBot" }, DateTime.zoneMakeOffset(60 * 60 * 1000), nameBot)

  it("says when and where, who, what was decided, and each gate with its value and its limit", () => {
    assert.strictEqual(
      text(refused),
      [
        "2026-11-22T15:16:01.005+01:00 Lobby: line from Ana (rank 2)",
        "  no reply: this user had enough replies in the last minute (may be allowed again in 42 s)",
        "  - mention matches \"MovieBot\" and fires: drew 0.25, needs less than 1.00",
        "  - replies to this user in a minute: 3 of 3: refused",
        "  correlation id id-1"
      ].join("\n")
    )
  })

  it("names the bot where there are several, ends with delivery, and knows what is under way", () => {
    const { outcome: _, ...open } = refused
    assert.include(text(open, true), "Lobby (MovieBot): line from Ana")
    assert.include(text(open), "\n  under way\n")
    assert.include(
      text({
        ...refused,
        outcome: { _tag: "Replied", afterMs: 1_200 },
        delivery: { _tag: "Delivered", afterMs: 1_500 }
      }),
      "refused\n  - seen in the room after 1.5 s\n  correlation id"
    )
  })

  it("shows texts only where they were kept, each on a line, without what a terminal would obey", () => {
    const kept = text({ ...refused, content: { line: "hi\u001b[2J\nthere", answer: "one\ntwo", reply: "one two" } })
    assert.include(kept, "\n  - the line: hi [2J there\n  - the model's answer: one two\n  - the reply: one two\n")
    assert.notInclude(text(refused), "the line:")
  })
})
