import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { configurationPage } from "../../../scripts/configurationPage.ts"
import { settingsJsonSchema } from "../../../src/domain/settings/SettingsJsonSchema.ts"

const stale = "is stale: npm run generate"

describe("what is generated from the settings' schema", () => {
  it.each([
    ["config/config.schema.json", settingsJsonSchema],
    ["docs/configuration.md", configurationPage]
  ])("%s is up to date", (file, generated) => {
    assert.isTrue(readFileSync(file, "utf8") === generated(), `${file} ${stale}`)
  })

  it("is named in the example's first line", () => {
    const [first] = readFileSync("config/config.example.yaml", "utf8").split("\n")
    assert.strictEqual(first, "# yaml-language-server: $schema=./config.schema.json")
  })
})
