import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import { readPlainLine } from "../../../src/domain/wire/PlainLine.ts"

const evening = Date.UTC(2026, 10, 21, 20, 15, 4)

describe("a line of a plain chat log", () => {
  const times: ReadonlyArray<readonly [string, number]> = [
    ["2026-11-21 20:15:04", evening],
    ["2026-11-21T20:15:04", evening],
    ["2026-11-21T20:15:04Z", evening],
    ["2026-11-21T21:15:04+01:00", evening],
    ["2026-11-21 20:15:04.250", evening + 250],
    [String(evening), evening],
    [String(evening / 1000), evening],
    [`${evening / 1000}.5`, evening + 500]
  ]
  for (const [time, expected] of times) {
    it(`has its time from ${time}`, () => {
      assert.deepStrictEqual(
        readPlainLine(`${time}\tAna\thello\tyou`),
        Option.some({ time: expected, username: "Ana", text: "hello\tyou" })
      )
    })
  }

  for (
    const line of [
      "",
      "hello",
      "20:15\tAna\thi",
      "yesterday\tAna\thi",
      "-5\tAna\thi",
      "0\tAna\thi",
      `${evening}\t\thi`,
      `${evening}`,
      `${evening}\t${"x".repeat(51)}\thi`
    ]
  ) {
    it(`is none: ${JSON.stringify(line.slice(0, 40))}`, () => {
      assert.deepStrictEqual(readPlainLine(line), Option.none())
    })
  }
})
