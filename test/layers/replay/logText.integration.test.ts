import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readLog } from "../../../src/layers/replay/ReplayLog.ts"
import { recordingFormat } from "../../../src/services/replay/Recording.ts"
import { fileWith } from "../../support/Program.ts"

const time = "2026-11-21T20:00:00Z"

const textsOf = Effect.fnUntraced(function*(text: string) {
  const { lines, unusable } = yield* readLog(yield* fileWith("evening.log", text))
  return {
    texts: lines.map(({ entry, line }) => [line, entry.kind === "captured" ? entry.payload : entry.kind]),
    unusable
  }
})

const captured = (msg: string): string =>
  JSON.stringify({ ts: 1, subject: "cytube.events.lobby.chatMsg", payload: msg })

describe("the text of a log", () => {
  it.live("only a line feed ends a line: what JSON leaves as it is, does not", () =>
    Effect.gen(function*() {
      const { texts, unusable } = yield* textsOf(["a\u2028b", "c\u2029d", "e\u0085f"].map(captured).join("\n"))
      assert.deepStrictEqual(texts, [[1, "a\u2028b"], [2, "c\u2029d"], [3, "e\u0085f"]])
      assert.deepStrictEqual(unusable, [])
    }).pipe(Effect.scoped))

  it.live("may begin with a byte order mark, have Windows' line ends and no last one", () =>
    Effect.gen(function*() {
      const { texts, unusable } = yield* textsOf(`\uFEFF${captured("a")}\r\n\r\n${captured("b")}\r\n${captured("c")}`)
      assert.deepStrictEqual(texts, [[1, "a"], [3, "b"], [4, "c"]])
      assert.deepStrictEqual(unusable, [])
    }).pipe(Effect.scoped))

  it.live("lines are whole however the file is read, and one without an end is left out and named", () =>
    Effect.gen(function*() {
      const long = "ä".repeat(200_000)
      const { texts, unusable } = yield* textsOf(
        `${captured("a")}\n${"x".repeat(17_000_000)}\n${time}\tAna\thello\n${captured(long)}\n`
      )
      assert.deepStrictEqual(texts.map(([line]) => line), [1, 3, 4])
      assert.strictEqual(texts[2]?.[1], long)
      assert.deepStrictEqual(unusable, [{ line: 2, why: "too long for a line of a log" }])
    }).pipe(Effect.scoped))

  it.live("a recording of a later format is refused: its events may not mean what they seem to", () =>
    Effect.gen(function*() {
      const heading = { kind: "recording", ts: 1, mono: 1, format: recordingFormat + 1, version: "9", anonymous: false }
      const file = yield* fileWith("night.jsonl", `${JSON.stringify(heading)}\n${captured("a")}\n`)
      const { message } = yield* Effect.flip(readLog(file))
      assert.match(message, /night\.jsonl: was recorded by a later version of llm-bot/)
    }).pipe(Effect.scoped))
})
