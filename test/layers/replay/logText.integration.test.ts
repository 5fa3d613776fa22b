import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { readLog } from "../../../src/layers/replay/ReplayLog.ts"
import { recordingFormat } from "../../../src/services/replay/Recording.ts"
import { fileWith, launch } from "../../support/Program.ts"
import { programBundle } from "../../support/programBundle.ts"

const time = "2026-11-21T20:00:00Z"

const textsOf = Effect.fnUntraced(function*(text: string | Buffer) {
  const { batches, unusable } = yield* readLog(yield* fileWith("evening.log", text))
  const lines = yield* Stream.runCollect(Stream.fromAsyncIterable(batches(), String)).pipe(Effect.orDie)
  return {
    texts: lines.flat().map(({ entry, line }) => [line, entry.kind === "captured" ? entry.payload : entry.kind]),
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

  for (const [encoding, mark] of [["UTF-16LE", [0xFF, 0xFE]], ["UTF-16BE", [0xFE, 0xFF]]] as const) {
    it.live(`may be ${encoding}, as Windows' shell writes it`, () =>
      Effect.gen(function*() {
        const body = Buffer.from(`${captured("ä 日本 👍")}\r\n${time}\tAna\thello\r\n`, "utf16le")
        const bytes = Buffer.concat([Buffer.from(mark), encoding === "UTF-16LE" ? body : body.swap16()])
        const { texts, unusable } = yield* textsOf(bytes)
        assert.deepStrictEqual(texts[0], [1, "ä 日本 👍"])
        assert.deepStrictEqual(texts.map(([line]) => line), [1, 2])
        assert.deepStrictEqual(unusable, [])
      }).pipe(Effect.scoped))
  }

  it.live("of a chat that another program wrote holds its lines, and passes over what is no chat", () =>
    Effect.gen(function*() {
      const { texts, unusable } = yield* textsOf(
        "[Fri Nov 21 2025 20:15:10] <Ana.action> waves\n[Fri Nov 21 2025 20:15:11] [login] somebody\n20:15:12 <Ben>: hi\n"
      )
      assert.deepStrictEqual(texts, [
        [1, { username: "Ana", msg: "waves", meta: { addClass: "action" }, time: Date.UTC(2025, 10, 21, 20, 15, 10) }],
        [3, { username: "Ben", msg: "hi", meta: {}, time: Date.UTC(2000, 0, 1, 20, 15, 12) }]
      ])
      assert.deepStrictEqual(unusable, [])
    }).pipe(Effect.scoped))

  it.live("is larger than the memory there is: it is replayed all the same", () =>
    Effect.gen(function*() {
      const lines = Array.from({ length: 1_500 }, (_, index) => `${1_795_291_200_000 + index * 60_000}\tAna\t`)
      const log = yield* fileWith("night.log", lines.map((line) => `${line}${"x".repeat(20_000)}`).join("\n"))
      const config = yield* fileWith(
        "config.yaml",
        "{nats: {servers: [nats://127.0.0.1:9]}, channels: [{name: lobby}], bot: {username: MovieBot}, " +
          "llm_api: {base_url: http://127.0.0.1:9/v1, api_key: none, model: m}}"
      )
      const args = ["--max-old-space-size=120", programBundle, "replay", log, "--config", config, "--format", "json"]
      const program = yield* launch(process.execPath, args, { cwd: process.cwd(), env: {} })
      assert.strictEqual(yield* program.exit, 0)
    }).pipe(Effect.scoped), 60_000)

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
