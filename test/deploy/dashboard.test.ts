import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { stringify } from "yaml"
import { dashboard } from "../../scripts/dashboard.ts"
import { fileWith } from "../support/Program.ts"
import { promtool } from "../support/promtool.ts"
import { exported, selectorsIn, unknownIn } from "./support/promql.ts"

const file = "deploy/grafana/llm-bot.json"

const Source = Schema.Struct({ uid: Schema.String })
const Panel = Schema.Struct({
  id: Schema.Int,
  type: Schema.String,
  title: Schema.String,
  description: Schema.optionalKey(Schema.String),
  datasource: Schema.optionalKey(Source),
  gridPos: Schema.Struct({ x: Schema.Int, y: Schema.Int, w: Schema.Int, h: Schema.Int }),
  targets: Schema.optionalKey(
    Schema.Array(Schema.Struct({ expr: Schema.String, refId: Schema.String, datasource: Source }))
  )
})
const Dashboard = Schema.fromJsonString(Schema.Struct({
  uid: Schema.Literal("llm-bot"),
  panels: Schema.Array(Panel),
  templating: Schema.Struct({
    list: Schema.Array(Schema.Struct({ name: Schema.String, type: Schema.String, query: Schema.String }))
  })
}))

const { panels, templating } = Schema.decodeSync(Dashboard)(dashboard())
const shown = panels.filter(({ type }) => type !== "row")
const expressions = shown.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))

/** What Grafana would put for its variables. */
const filledIn = (expr: string): string =>
  expr.replaceAll("$__rate_interval", "5m").replaceAll("$__range", "6h")
    .replaceAll("$job", "llm-bot").replaceAll("$channel", ".*")

describe("Grafana's dashboard", () => {
  it("is up to date", () => {
    assert.isTrue(readFileSync(file, "utf8") === dashboard(), `${file} is stale: npm run generate`)
  })

  it("has rows of panels, each explained, none on another", () => {
    const rows = panels.filter(({ type }) => type === "row").map(({ title }) => title)
    assert.deepStrictEqual(rows, ["Is it well?", "What it does", "The model", "Limits", "Delivery", "Replicas"])
    assert.strictEqual(new Set(panels.map(({ id }) => id)).size, panels.length)
    const taken = new Set<string>()
    for (const { description, gridPos: { h, w, x, y }, targets = [], title } of shown) {
      assert.isNotEmpty(description, title)
      assert.isAtMost(x + w, 24, title)
      assert.strictEqual(new Set(targets.map(({ refId }) => refId)).size, targets.length, title)
      for (let row = y; row < y + h; row++) {
        for (let column = x; column < x + w; column++) {
          const cell = `${row},${column}`
          assert.isFalse(taken.has(cell), `${title} lies on another panel`)
          taken.add(cell)
        }
      }
    }
  })

  it("asks the Prometheus that is chosen, for the rooms that are chosen", () => {
    assert.deepStrictEqual(templating.list.map(({ name }) => name), ["datasource", "job", "channel"])
    for (const { datasource, targets = [], title } of shown) {
      assert.isNotEmpty(targets, title)
      const asked = new Set([datasource, ...targets.map((target) => target.datasource)].map((one) => one?.uid))
      assert.deepStrictEqual([...asked], ["$datasource"], title)
    }
  })

  it.effect("reads only metrics and labels that the bot exports, and leaves no metric out", () =>
    Effect.gen(function*() {
      const metrics = yield* exported
      for (const expr of expressions) assert.deepStrictEqual(unknownIn(expr, metrics), [], expr)
      for (const { metric, labels } of expressions.flatMap(selectorsIn)) {
        assert.strictEqual(labels.includes("channel"), metrics.get(metric)?.has("channel") ?? false, metric)
      }
      const read = new Set(expressions.flatMap(selectorsIn).map(({ metric }) => metric))
      // Tested conditions tell a developer something, an operator nothing.
      assert.deepStrictEqual([...metrics.keys()].filter((metric) => !read.has(metric)), ["triggers_evaluated_total"])
      const choices = templating.list.flatMap(({ query }) => [...query.matchAll(/^label_values\((\w+).*, (\w+)\)$/g)])
      assert.strictEqual(choices.length, 2)
      for (const [, metric = "", label = ""] of choices) {
        assert.isTrue(metrics.has(metric) && (label === "job" || metrics.get(metric)?.has(label)), metric)
      }
    }))

  it.effect("has no expression that Prometheus cannot read", () =>
    Effect.gen(function*() {
      const rules = expressions.map((expr, index) => ({ record: `panel:expression:${index}`, expr: filledIn(expr) }))
      const rulesFile = yield* fileWith("rules.yaml", stringify({ groups: [{ name: "dashboard", rules }] }))
      const { status, stderr, stdout } = spawnSync(promtool(), ["check", "rules", rulesFile], { encoding: "utf8" })
      assert.strictEqual(status, 0, `${stdout}${stderr}`)
      assert.include(stdout, `${expressions.length} rules found`)
      for (const { expr } of rules) assert.notInclude(expr, "$")
    }).pipe(Effect.scoped))
})
