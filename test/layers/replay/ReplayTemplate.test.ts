import { assert, describe, it } from "@effect/vitest"
import { Step } from "../../../src/domain/decision/Decision.ts"
import { packageFile, pageLibrary } from "../../../src/layers/process/Package.ts"
import { replayTemplate } from "../../../src/layers/replay/ReplayTemplate.ts"

describe("the template of a replay's page", () => {
  const template = replayTemplate()

  it("has one place for its data, and nothing in it comes from elsewhere", () => {
    assert.strictEqual(template.split("\"the data of the replay\"").length, 2)
    assert.strictEqual(template.split("</script>").length, 3)
    assert.notInclude(template, "inlined:")
    assert.include(template, "default-src 'none'")
    // The library names a namespace and may write markup; no module of the page does.
    const own = template.replace(pageLibrary().replace(/export\{.*$/s, ""), () => "")
    assert.isBelow(own.length, template.length)
    assert.notMatch(own, /\bsrc=|https?:|@import|url\(|innerHTML|insertAdjacentHTML|document\.write|SetInnerHTML/i)
  })

  it("holds the licences of the library in it", () => {
    assert.include(template, "Apache License")
    assert.include(template, "Copyright (c) 2015-present Jason Miller")
  })

  it("is the same each time", () => {
    assert.strictEqual(replayTemplate(), template)
  })

  it("has a stage for every kind of step", () => {
    const stages = packageFile("playground/stages.js")
    for (const tag of Object.keys(Step.cases)) assert.include(stages, `"${tag}"`)
  })
})
