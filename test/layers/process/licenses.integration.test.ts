import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import manifest from "../../../package.json" with { type: "json" }
import { programBundle } from "../../support/programBundle.ts"

describe("the licences beside the bundle", () => {
  const text = readFileSync(join(dirname(programBundle), "THIRD-PARTY-LICENSES.txt"), "utf8")

  it("are packed with it", () => assert.include(manifest.files, "dist/THIRD-PARTY-LICENSES.txt"))

  for (const name of Object.keys(manifest.dependencies)) {
    it(`name ${name}`, () => assert.match(text, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, "m")))
  }

  it("have a text for each package, those that packages depend on too", () => {
    assert.match(text, /^micromark \d/m)
    assert.match(text, /^preact .*\(MIT\)$/m)
    assert.notInclude(text, "no licence text")
  })
})
