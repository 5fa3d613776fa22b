import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterEach, vi } from "vitest"
import { layerFollowing, type LogSettings } from "../../../src/layers/telemetry/Logging.ts"

const settings: LogSettings = { log_level: "INFO", log_format: "json", telemetry: { log_content: false } }

/** The lines that something writes. */
const written = (program: Effect.Effect<unknown>, change: Partial<LogSettings> = {}) =>
  Effect.gen(function*() {
    const lines: Array<string> = []
    const spy = vi.spyOn(process.stdout, "write").mockImplementation((line) => {
      lines.push(String(line))
      return true
    })
    yield* program.pipe(Effect.exit, Effect.provide(layerFollowing(() => ({ ...settings, ...change }))))
    spy.mockRestore()
    return lines
  })

const circle: Record<string, unknown> = { size: 5n }
circle["self"] = circle

afterEach(() => void vi.restoreAllMocks())

describe("a log line", () => {
  it.effect("is one line of JSON with its fields, whatever it is given", () =>
    Effect.gen(function*() {
      const fields = { logger: "Test", circle, text: "one\ntwo" }
      const [line = "", ...others] = yield* written(
        Effect.annotateLogs(Effect.logWarning("Words\n", circle, undefined), fields)
      )
      assert.isEmpty(others)
      assert.strictEqual(line.indexOf("\n"), line.length - 1)
      const parsed = JSON.parse(line)
      assert.deepInclude(parsed, { level: "WARNING", logger: "Test", message: "Words\n", text: "one\ntwo" })
      assert.deepStrictEqual(parsed.circle, { size: "5n" })
    }))

  it.effect("is cut where an error is huge", () =>
    Effect.gen(function*() {
      const [line = ""] = yield* written(Effect.logError("x".repeat(1_000_000), "y".repeat(1_000_000)))
      assert.isBelow(line.length, 5_000)
      assert.include(line, "998000 characters more")
    }))

  const defect = new TypeError("it said: the text of a person")

  it.effect("names an internal error and its place, not its message", () =>
    Effect.gen(function*() {
      const failing = Effect.catchCause(Effect.die(defect), (cause) => Effect.logError("Failed", cause))
      const [line = ""] = yield* written(Effect.andThen(failing, Effect.logError("Failed", defect)))
      const { error } = JSON.parse(line)
      assert.match(error, /^TypeError at .*Logging\.test\.ts/)
      assert.notInclude(line, "the text of a person")
      const [shown = ""] = yield* written(failing, { telemetry: { log_content: true } })
      assert.include(shown, "the text of a person")
    }))

  it.effect("for people is one line too, with its fields", () =>
    Effect.gen(function*() {
      const say = Effect.annotateLogs(Effect.logInfo("Bot ready"), {
        logger: "Test",
        channel: "lobby",
        text: "a\u001b[31mb\nc"
      })
      const [line] = yield* written(say, { log_format: "pretty" })
      assert.match(
        line ?? "",
        /^\d\d:\d\d:\d\d\.\d{3} INFO {5}Test: Bot ready channel=lobby text="a\\u001b\[31mb\\nc"\n$/
      )
    }))

  it.effect("is left out below the level of the moment", () =>
    Effect.gen(function*() {
      const all = Effect.forEach(
        [Effect.logDebug("1"), Effect.logInfo("2"), Effect.logWarning("3"), Effect.logError("4"), Effect.logFatal("5")],
        (log) => log
      )
      for (const [index, log_level] of (["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] as const).entries()) {
        const lines = yield* written(all, { log_level })
        assert.deepStrictEqual(
          lines.map((line) => JSON.parse(line).level),
          ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"].slice(index)
        )
      }
    }))
})
