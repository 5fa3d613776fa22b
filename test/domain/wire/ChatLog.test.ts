import { assert, describe, it } from "@effect/vitest"
import { makeChatLogReader } from "../../../src/domain/wire/ChatLog.ts"

const read = (...lines: ReadonlyArray<string>) => {
  const reader = makeChatLogReader()
  return lines.map((line) => {
    const result = reader(line)
    if (result._tag !== "Chat") return result._tag
    const { addClass, msg, time, username } = result.line
    return [new Date(time).toISOString(), username, msg, ...(addClass === undefined ? [] : [addClass])]
  })
}

describe("a chat log", () => {
  it("of CyTube, as owners download it", () =>
    assert.deepStrictEqual(
      read(
        "[Fri Nov 21 2025 20:15:10] <Ana> hello > you & <strong>me</strong>",
        "[Fri Nov 21 2025 20:15:11] <Ben_2.greentext> >implying",
        "[Fri Nov 21 2025 20:15:12] <Žaneta.action> waves",
        "[Fri Nov 21 2025 20:15:13] [login] Accepted connection from Cid",
        "[Fri Nov 21 2025 20:15:14] [playlist] Ana added a film",
        "[Fri Foo 21 2025 20:15:14] <Ana> no"
      ),
      [
        ["2025-11-21T20:15:10.000Z", "Ana", "hello > you &amp; <strong>me</strong>"],
        ["2025-11-21T20:15:11.000Z", "Ben_2", ">implying", "greentext"],
        ["2025-11-21T20:15:12.000Z", "Žaneta", "waves", "action"],
        "Other",
        "Other",
        "Unknown"
      ]
    ))

  it("of the bridge's audit, which names no day: it goes on past midnight", () =>
    assert.deepStrictEqual(
      read(
        "23:59:58 <Ana>: <strong>hi</strong> &amp; bye",
        "23:59:58 <Ben>: : yes",
        "00:00:03 <Ana>: later",
        "12:00 <Ana>: no"
      ),
      [
        ["2000-01-01T23:59:58.000Z", "Ana", "<strong>hi</strong> &amp; bye"],
        ["2000-01-01T23:59:58.000Z", "Ben", ": yes"],
        ["2000-01-02T00:00:03.000Z", "Ana", "later"],
        "Unknown"
      ]
    ))

  it("without ms: equal lines of a second are several lines, the same in another second and with ms are what they are", () =>
    assert.deepStrictEqual(
      read(
        "2026-11-21 20:15:00\tAna\tlol",
        "2026-11-21 20:15:00\tBen\tlol",
        "2026-11-21 20:15:00\tAna\tlol",
        "2026-11-21 20:15:00\tAna\tlol",
        "2026-11-21 20:15:01\tAna\tlol",
        "2026-11-21 20:15:02.500\tAna\ta < b",
        "2026-11-21 20:15:02.500\tAna\ta < b"
      ),
      [
        ["2026-11-21T20:15:00.000Z", "Ana", "lol"],
        ["2026-11-21T20:15:00.000Z", "Ben", "lol"],
        ["2026-11-21T20:15:00.001Z", "Ana", "lol"],
        ["2026-11-21T20:15:00.002Z", "Ana", "lol"],
        ["2026-11-21T20:15:01.000Z", "Ana", "lol"],
        ["2026-11-21T20:15:02.500Z", "Ana", "a &lt; b"],
        ["2026-11-21T20:15:02.500Z", "Ana", "a &lt; b"]
      ]
    ))
})
