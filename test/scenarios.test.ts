import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { parse } from "yaml"
import { storyText } from "../src/domain/decision/DecisionText.ts"
import { triggerOrder } from "../src/domain/triggers/TriggerEntry.ts"
import { expectedOf, play, recordOf, Scenario } from "./support/Scenario.ts"

const folder = join(import.meta.dirname, "scenarios")
const read = (file: string): unknown => parse(readFileSync(join(folder, file), "utf8"))
const clauses = Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.String))(read("clauses.yaml"))
const files = readdirSync(folder).filter((file) => file.endsWith(".yaml") && file !== "clauses.yaml")
const scenarios = files.map((file) =>
  [file, Schema.decodeUnknownSync(Scenario)(read(file), { onExcessProperty: "error" })] as const
)

describe("scenarios", () => {
  for (const [file, scenario] of scenarios) {
    it.live(`${file}: ${scenario.story}`, () =>
      Effect.gen(function*() {
        const { commands, ends, looks, prompts, records } = yield* play(scenario)
        assert.deepStrictEqual({ ends, looks, commands }, expectedOf(scenario), records.map(storyText).join("\n"))
        scenario.happens.forEach((happening, index) => {
          if (happening.because === undefined) return
          const record = recordOf(records, index)
          assert.include(record === undefined ? "no decision" : storyText(record), happening.because)
        })
        scenario.prompts?.forEach(({ has = [], lacks = [] }, index) => {
          const prompt = prompts[index] ?? "no prompt"
          for (const text of has) assert.include(prompt, text)
          for (const text of lacks) assert.notInclude(prompt, text)
        })
      }))
  }

  it("hold every clause of the requirements they are written for", () => {
    const held = new Set(scenarios.flatMap(([, { holds }]) => holds))
    assert.deepStrictEqual(Object.keys(clauses).filter((clause) => !held.has(clause)), [])
    assert.deepStrictEqual([...held].filter((clause) => !(clause in clauses)), [])
  })

  it("have a clause for every type of trigger", () =>
    assert.deepStrictEqual(triggerOrder.filter((type) => !(`F3.${type}` in clauses)), []))
})
