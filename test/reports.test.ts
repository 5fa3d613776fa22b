import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { parse } from "yaml"
import { outcomeOf, Report } from "./support/Report.ts"

const folder = join(import.meta.dirname, "reports")
const decode = Schema.decodeUnknownSync(Report, { onExcessProperty: "error" })
const reports = readdirSync(folder).filter((file) => file.endsWith(".yaml"))
  .map((file) => [file, decode(parse(readFileSync(join(folder, file), "utf8")))] as const)

describe("reports", () => {
  for (const [file, report] of reports) {
    for (const [index, given] of report.cases.entries()) {
      it.live(`${file}, ${index + 1}: ${given.line ?? given.answer ?? given.fixture ?? given.response ?? ""}`, () =>
        Effect.map(outcomeOf(report, given), (outcome) => assert.deepStrictEqual(outcome, given.right, report.source)))
    }
  }
})
