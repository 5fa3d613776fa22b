import { assert, describe, it } from "@effect/vitest"
import { suggest } from "../../../src/domain/settings/Suggestion.ts"

describe("a suggestion", () => {
  it.each([
    ["one letter more", "chanels", ["nats", "channels"], "channels"],
    ["another case", "debug", ["INFO", "DEBUG"], "DEBUG"],
    ["the nearest of several", "max_per_user", ["max_per_users_x", "max_per_hour", "max_per_usr"], "max_per_usr"],
    ["two letters exchanged", "tpye", ["type", "enabled"], "type"],
    ["a third of a long word", "response_processing_xyz", ["response_processing"], "response_processing"],
    ["nothing like it", "colour", ["nats", "seed", "channels"], undefined],
    ["a word so short that anything would do", "x", ["pm"], undefined],
    ["nothing known", "seed", [], undefined]
  ])("%s", (_, word, known, expected) => {
    assert.strictEqual(suggest(word, known), expected)
  })
})
