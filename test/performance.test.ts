import { readdirSync, readFileSync } from "node:fs"
import { basename } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { performanceChart, performancePage } from "../scripts/performancePage.ts"
import { regressions } from "../bench/CommittedCosts.ts"

const page = readFileSync("docs/performance.md", "utf8")

describe("docs/performance.md", () => {
  it("shows the committed results, and so does its chart", () => {
    assert.isTrue(page === performancePage(), "docs/performance.md is stale: npm run generate")
    const chart = readFileSync("docs/pictures/performance.svg", "utf8")
    assert.isTrue(chart === performanceChart(), "docs/pictures/performance.svg is stale: npm run generate")
  })

  it("explains every benchmark, and no other", () => {
    const explained = [...page.matchAll(/^\| [a-z] \| `(\w+)` \|/gm)].map(([, name]) => name)
    const files = readdirSync("bench/benchmarks").map((file) => basename(file, ".ts"))
    assert.sameMembers(explained, files)
  })
})

describe("the committed costs", () => {
  const figure = {
    id: "a.100",
    what: "a line",
    unit: "×",
    result: 0,
    spread: [0, 0],
    target: undefined,
    detail: ""
  } as const

  it("are those of figures that the short run measures, and three times more is too much", () => {
    assert.deepStrictEqual(regressions([{ ...figure, cost: 1 }]), [])
    assert.lengthOf(regressions([{ ...figure, cost: 1e6 }]), 1)
  })
})
