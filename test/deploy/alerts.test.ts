import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { parse } from "yaml"
import { promtool } from "../support/promtool.ts"
import { exported, unknownIn } from "./support/promql.ts"

const folder = resolve(import.meta.dirname, "../../deploy/prometheus")
const read = (file: string): unknown => parse(readFileSync(join(folder, file), "utf8"))

const Rules = Schema.Struct({
  groups: Schema.Array(Schema.Struct({
    name: Schema.String,
    rules: Schema.Array(Schema.Struct({
      alert: Schema.String,
      expr: Schema.String,
      for: Schema.optionalKey(Schema.String),
      labels: Schema.Struct({ severity: Schema.Literals(["critical", "warning", "info"]) }),
      annotations: Schema.Struct({
        summary: Schema.NonEmptyString,
        description: Schema.NonEmptyString,
        runbook_url: Schema.String
      })
    }))
  }))
})
const Stories = Schema.Struct({
  tests: Schema.Array(Schema.Struct({
    name: Schema.String,
    promql_expr_test: Schema.Array(Schema.Struct({
      expr: Schema.Literal("group by (alertname) (ALERTS{alertstate=\"firing\"})"),
      exp_samples: Schema.Array(Schema.Struct({ labels: Schema.String, value: Schema.Literal(1) }))
    }))
  }))
})

const alerts = Schema.decodeUnknownSync(Rules, { onExcessProperty: "error" })(read("alerts.yaml")).groups.flatMap((
  { rules }
) => rules)
const { tests } = Schema.decodeUnknownSync(Stories)(read("alerts.test.yaml"))

/** How GitHub names a heading in a link. */
const slug = (heading: string): string =>
  heading.toLowerCase().replace(/[^\p{L}\p{N} -]/gu, "").trim().replaceAll(" ", "-")

describe("the alerts", () => {
  it("fire and keep silent as their stories say", () => {
    const { status, stderr, stdout } = spawnSync(promtool(), ["test", "rules", "alerts.test.yaml"], {
      cwd: folder,
      encoding: "utf8"
    })
    assert.strictEqual(status, 0, `${stdout}${stderr}`)
  })

  it("each have a story in which they fire, and do not at another time", () => {
    for (const { alert } of alerts) {
      const expected = `{alertname="${alert}"}`
      const told = tests.filter(({ promql_expr_test }) => {
        const fires = new Set(
          promql_expr_test.map(({ exp_samples }) => exp_samples.some(({ labels }) => labels === expected))
        )
        return fires.has(true) && fires.has(false)
      })
      assert.isNotEmpty(told, alert)
    }
    assert.isAtLeast(alerts.length, 12)
  })

  it.effect("read only metrics and labels that the bot exports", () =>
    Effect.gen(function*() {
      const metrics = yield* exported
      for (const { alert, expr } of alerts) assert.deepStrictEqual(unknownIn(expr, metrics), [], alert)
    }))

  it("say what to do and where to read on", () => {
    const page = resolve(folder, "../../docs/troubleshooting.md")
    const headings = [...readFileSync(page, "utf8").matchAll(/^#+ (.*)$/gm)]
      .map(([, heading = ""]) => `docs/troubleshooting.md#${slug(heading)}`)
    for (const { alert, annotations: { description, runbook_url, summary } } of alerts) {
      assert.isAtMost(summary.length, 90, alert)
      assert.isAbove(description.length, 60, alert)
      assert.match(runbook_url, /^docs\/troubleshooting\.md#[a-z0-9-]+$/, alert)
      assert.include(headings, runbook_url, alert)
    }
  })
})
