import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { userKey, Username } from "../../../src/domain/Ids.ts"
import {
  confirmEcho,
  expectEcho,
  type ExpectedEcho,
  type ExpectedEchoes,
  refuseEcho
} from "../../../src/domain/reply/ExpectedEchoes.ts"

const ana = userKey(Username.make("Ana"))
const bob = userKey(Username.make("Bob"))

const waiting = (...texts: ReadonlyArray<string>): ExpectedEchoes => {
  const expected: ExpectedEchoes = []
  for (const text of texts) expectEcho(expected, { with: undefined, text, at: 0 })
  return expected
}

const confirmed = (expected: ExpectedEchoes, text: string): string | undefined =>
  confirmEcho(expected, undefined, text)?.text

const scene = "First answer about the scene for Ann here."

// What rooms make of a line: their filters, their markup, their 320 characters.
const shown: ReadonlyArray<readonly [what: string, sent: string, came: string]> = [
  ["as it was sent", scene, scene],
  ["with other blanks", "one  answer\nof two lines", " one answer of two lines "],
  ["in capital letters", "what a scene", "WHAT A SCENE"],
  ["without its markup", "snake_case_name and *this*", "snakecasename and this"],
  ["with joiners left out", "snake\u2060_case name", "snake_case name"],
  ["a word replaced", scene, "First answer about the SCENE_REPLACED for Ann here."],
  ["a word in another language", "The answer is saffron cobalt quartz", "The ANTWORT is saffron cobalt quartz"],
  ["two of five words replaced", "so this is the end", "so XX is the YY"],
  ["a word left out", "well that is fine", "well is fine"],
  ["one of three words replaced", "quite a scene", "quite a SCENE_REPLACED"],
  ["a word without blanks replaced", "今日の映画はとても面白いですね", "今日の***はとても面白いですね"],
  ["signs alone", "?!", " ?! "],
  ["emoji alone", "😂😂", "😂😂"]
]

const foreign: ReadonlyArray<readonly [what: string, sent: string, came: string]> = [
  ["another service's line", "Unaltered: the zebra in act two was real.", "[bingo] round 7 starts in a minute"],
  ["a private one", "Ha, that twist got me as well, best scene so far.", "[bank] you have 5 coins"],
  ["two words in common", "marble tundra falcon pixel velvet 77 for you.", "a new game for you"],
  ["a template with other words in it", "The answer is meadow violin lantern harbor 210", "The answer is 42"],
  ["one of two words", "nice one", "nice try"],
  ["other signs", "?!", "!?"],
  ["other emoji", "😂😂", "🎉"],
  ["no words against words", "😂", "what a scene"],
  ["another sentence without blanks", "今日の映画はとても面白いですね", "第七回ビンゴが始まります"]
]

describe("an own line that comes from the room", () => {
  it.each(shown)(
    "is the echo of what was sent: %s",
    (_, sent, came) => assert.strictEqual(confirmed(waiting(sent), came), sent)
  )

  it.each(foreign)("is somebody else's: %s", (_, sent, came) => {
    const expected = waiting(sent)
    assert.isUndefined(confirmed(expected, came))
    assert.lengthOf(expected, 1, "the reply still waits")
  })

  it("is the echo of the one it is most like, whatever came first", () => {
    const [one, two] = ["The answer is saffron cobalt 37", "The answer is saffron glacier 39"]
    const expected = waiting(one, two)
    assert.strictEqual(confirmed(expected, "The ANTWORT is saffron glacier 39"), two)
    assert.strictEqual(confirmed(expected, "The ANTWORT is saffron cobalt 37"), one)
  })

  it("is the echo of the oldest of those it is equally like", () => {
    const expected = waiting("well said my friend", "well said my friend")
    const [first] = expected
    assert.strictEqual(confirmEcho(expected, undefined, "well SAID my friend"), first)
  })

  it("is the echo of the equal one before any that is like", () => {
    const expected = waiting("so this is the very end", "so this is the end")
    assert.strictEqual(confirmed(expected, "so this is the end"), "so this is the end")
  })

  it("belongs to its own conversation", () => {
    const expected: ExpectedEchoes = []
    expectEcho(expected, { with: ana, text: scene, at: 0 })
    assert.isUndefined(confirmEcho(expected, undefined, scene))
    assert.isUndefined(confirmEcho(expected, bob, scene))
    assert.strictEqual(confirmEcho(expected, ana, scene)?.with, ana)
  })
})

describe("a reply that the room refused", () => {
  it("has no echo among lines that are only like it", () => {
    const expected = waiting("The answer is copper ember lantern 38")
    refuseEcho(expected, { kind: "cooldown" })
    assert.isUndefined(confirmed(expected, "The ANTWORT is copper ember lantern 38"))
  })

  it("was not the refused one after all when it comes word for word", () => {
    const expected = waiting("well said", "well said")
    refuseEcho(expected, { kind: "cooldown" })
    const [refused, other] = expected
    assert.strictEqual(confirmEcho(expected, undefined, "well said"), other)
    assert.strictEqual(confirmEcho(expected, undefined, "well said"), refused)
  })

  it("is the oldest, of those that went where the refusal says", () => {
    const expected: ExpectedEchoes = []
    const room = expectEcho(expected, { with: undefined, text: "in the room", at: 0 })
    const first = expectEcho(expected, { with: ana, text: "in private", at: 0 })
    const second = expectEcho(expected, { with: bob, text: "in private too", at: 0 })
    assert.deepStrictEqual(refuseEcho(expected, { kind: "errorMsg", target: "pm" }), [first])
    assert.deepStrictEqual(refuseEcho(expected, { kind: "cooldown" }), [room])
    assert.deepStrictEqual(refuseEcho(expected, { kind: "noflood", target: "chat" }), [])
    assert.deepStrictEqual(refuseEcho(expected, { kind: "cooldown" }), [second])
  })

  it("is none whose echo may have been missed", () => {
    const expected = waiting("one of them", "another one")
    for (const echo of expected.slice(0, 1)) echo.unheard = true
    assert.deepStrictEqual(refuseEcho(expected, { kind: "kick" }).map(({ text }) => text), ["another one"])
  })

  it("is every one that waits, when the bot is kicked", () => {
    const expected = waiting("one of them", "another one")
    assert.deepStrictEqual(refuseEcho(expected, { kind: "kick" }), [...expected])
  })
})

describe("whatever lines a room shows, alters and refuses", () => {
  const Word = Schema.Literals(["saffron", "cobalt", "quartz", "marble", "thunder", "lantern", "harbor", "tundra"])
  const Line = Schema.Struct({
    words: Schema.Array(Word).check(Schema.isMinLength(5), Schema.isMaxLength(9)),
    fate: Schema.Literals(["shown", "altered", "refused"])
  })
  const Foreign = Schema.Array(Schema.Literals(["bingo", "round", "coins", "bank", "votes"]))
    .check(Schema.isMinLength(1), Schema.isMaxLength(6))

  it.prop(
    "each line confirms the reply it is the echo of, and another service's none",
    [Schema.Array(Line).check(Schema.isMaxLength(8)), Schema.Array(Foreign)],
    ([lines, others]) => {
      const expected: ExpectedEchoes = []
      const sent = lines.map(({ words }, index) =>
        expectEcho(expected, { with: undefined, text: `number${index} ${words.join(" ")} end${index}`, at: 0 })
      )
      // Refusals come in the order of what is refused, as the room takes lines one after the other.
      const came: Array<ExpectedEcho | undefined> = []
      for (const [index, { fate }] of lines.entries()) {
        const echo = sent[index]
        for (const other of others) assert.isUndefined(confirmEcho(expected, undefined, other.join(" ")))
        if (fate === "refused") assert.deepStrictEqual(refuseEcho(expected, { kind: "cooldown" }), echo ? [echo] : [])
        else {
          const text = echo?.text ?? ""
          came.push(
            confirmEcho(expected, undefined, fate === "altered" ? text.replace(/end\d+/, "<em>ENDE</em>") : text)
          )
        }
      }
      const wanted = sent.filter((_, index) => lines[index]?.fate !== "refused")
      assert.deepStrictEqual(came, wanted)
      assert.strictEqual(expected.length, sent.length - wanted.length)
    }
  )
})
