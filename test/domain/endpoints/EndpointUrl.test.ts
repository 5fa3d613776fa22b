import { assert, describe, it } from "@effect/vitest"
import { keyProblem, trimmedKey } from "../../../src/domain/endpoints/ApiKey.ts"
import { endpointUrl, redirectTarget, resourceSuffix } from "../../../src/domain/endpoints/EndpointUrl.ts"

describe("an endpoint's address", () => {
  const rows: ReadonlyArray<readonly [base: string, url: string]> = [
    ["http://127.0.0.1:11434/v1", "http://127.0.0.1:11434/v1/chat/completions"],
    ["http://127.0.0.1:11434/v1/", "http://127.0.0.1:11434/v1/chat/completions"],
    ["http://127.0.0.1:11434/v1///", "http://127.0.0.1:11434/v1/chat/completions"],
    ["https://api.test", "https://api.test/chat/completions"],
    [
      "https://x.azure.test/openai/deployments/d?api-version=2024-10-21",
      "https://x.azure.test/openai/deployments/d/chat/completions?api-version=2024-10-21"
    ],
    ["https://api.test/v1/?a=b/c", "https://api.test/v1/chat/completions?a=b/c"],
    ["https://api.test/v1#top", "https://api.test/v1/chat/completions"]
  ]
  it.each(rows)("%s", (base, url) => assert.strictEqual(endpointUrl(base, "/chat/completions"), url))

  it("is named when a resource's path stands in it", () => {
    assert.deepStrictEqual(
      [
        "https://a.test/v1/chat/completions",
        "https://a.test/v1/completions/",
        "https://a.test/v1/models?x=y",
        "https://a.test/v1",
        "https://a.test/models/v1"
      ].map(resourceSuffix),
      ["/chat/completions", "/completions/", "/models", undefined, undefined]
    )
  })

  it("of a redirect is seen from where it began", () => {
    const from = "https://a.test/v1/models"
    assert.deepStrictEqual(
      ["/v2", "//b.test/v1", "http://a.test/v1/models", "http://[", undefined].map((location) =>
        redirectTarget(from, location)?.href
      ),
      ["https://a.test/v2", "https://b.test/v1", "http://a.test/v1/models", undefined, undefined]
    )
  })
})

describe("a key", () => {
  const cannot = "no HTTP header can carry this key: its character"
  const rows: ReadonlyArray<readonly [key: string, problem: string | undefined]> = [
    ["sk-abc", undefined],
    ["none", undefined],
    ["sk-abc\n", undefined],
    [" sk-abc\r\n", undefined],
    ["Bearer sk-abc", undefined],
    ["clé", undefined],
    ["sk-abc\nsk-def", `${cannot} 7 is a line break`],
    ["sk-\u200Babc", `${cannot} 4 is U+200B`],
    ["sk-abc\u200B", `${cannot} 7 is U+200B`],
    ["sk-abc字", `${cannot} 7 is U+5B57`],
    ["sk-“abc”", `${cannot} 4 is U+201C`],
    ["sk-\u{1F600}", `${cannot} 4 is U+1F600`],
    ["a\u0000b", `${cannot} 2 is a NUL`]
  ]
  it.each(rows)("%j is sent, or named without being told", (key, problem) => {
    assert.strictEqual(keyProblem(key), problem)
    const send = () => new Headers({ authorization: `Bearer ${trimmedKey(key)}` })
    if (problem === undefined) assert.isTrue(send().has("authorization"))
    else assert.throws(send)
  })
})
