import { runInNewContext } from "node:vm"
import { assert, describe, it } from "@effect/vitest"
import { pageScript } from "../../../src/layers/replay/PageScript.ts"

const scriptOf = (modules: Readonly<Record<string, string>>): string =>
  pageScript("/app.js", (path) => modules[path] ?? assert.fail(`nobody reads ${path}`))

/** What `app.js` shows with `show`. */
const shown = (modules: Readonly<Record<string, string>>): unknown => {
  const all: Array<unknown> = []
  runInNewContext(scriptOf(modules), { show: (value: unknown) => all.push(value) })
  return all
}

describe("modules as one script", () => {
  it("see what they import, and nothing else of each other", () => {
    assert.deepStrictEqual(
      shown({
        "/app.js": `import { one, two as zwei } from "./parts/numbers.js"
import * as words from "/words.js"
import {
  html
} from "/vendor/htm.js"
const secret = "of the app"
show([one(), zwei, words.hello, new words.Word().text, html])`,
        "/parts/numbers.js": `import { hello } from "../words.js"
const secret = hello.length
export const two = 2
export function one() {
  return secret
}`,
        "/words.js": `show("words, once")
export const hello = "hello"
export class Word { text = "word" }`,
        "/vendor/htm.js": `const a = 1, b = "htm"; export{a as useA,b as html};\n`
      }),
      ["words, once", [5, 2, "hello", "word", "htm"]]
    )
  })

  const refused: ReadonlyArray<readonly [why: string, modules: Readonly<Record<string, string>>, message: RegExp]> = [
    ["a default import", { "/app.js": `import app from "./app.js"` }, /app\.js: a page cannot hold "import app/],
    ["a default export", { "/app.js": "export default 1" }, /a page cannot hold "export default/],
    ["a pattern as an export", { "/app.js": "export const { a } = {}" }, /a page cannot hold "export const \{/],
    [
      "a circle",
      { "/app.js": `import { a } from "./a.js"`, "/a.js": `import { b } from "./app.js"\nexport const a = b` },
      /\/app\.js imports \/a\.js imports \/app\.js: a circle/
    ],
    ["the end of a script element", { "/app.js": `show("</script>")` }, /ends a script element/],
    ["the beginning of a comment", { "/app.js": `show("<!--")` }, /ends a script element/]
  ]
  for (const [why, modules, message] of refused) {
    it(`refuse ${why}`, () => {
      assert.throws(() => scriptOf(modules), message)
    })
  }
})
