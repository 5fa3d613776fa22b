import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"

const folder = "docs/specification"

const headings = (page: string): ReadonlyArray<string> =>
  [...readFileSync(join(folder, page), "utf8").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => heading.toLowerCase())

const clauses = new Set(headings("requirements.md").map((heading) => heading.split(" ")[0]?.toUpperCase()))
const sections: Readonly<Record<string, ReadonlyArray<string>>> = {
  OPERATIONS: headings("operations.md"),
  WIRE: headings("wire.md")
}

const sources = ["src", "test", "scripts", "bench"].flatMap((room) =>
  readdirSync(room, { recursive: true, encoding: "utf8" }).map((file) => join(room, file))
).filter((file) => /\.(?:ts|ya?ml)$/.test(file) && file !== "test/specification.test.ts")

/** What a text refers to that the specification does not have. A section's name may be broken over comment lines. */
const unknownIn = (text: string): ReadonlyArray<string> => {
  const flat = text.replace(/\n\s*(?:\*|\/\/)\s*/g, " ")
  const ids = [...flat.matchAll(/(?<![\w#"'/\\.-])[FN]\d{1,2}(?![\w"'/-])/g)].map(([id]) => id)
  const named = [...flat.matchAll(/\b(OPERATIONS|WIRE), ([^);,:.]+)/g)]
  return [
    ...ids.filter((id) => !clauses.has(id)),
    ...named.filter(([, page = "", section]) =>
      section === undefined || !sections[page]?.includes(section.toLowerCase())
    )
      .map(([reference]) => reference),
    ...[...flat.matchAll(/\((?:REQUIREMENTS|CONFIG|SCALE|ARCHITECTURE|TOOLS|PERFORMANCE)\b[^)]*\)/g)].map((
      [reference]
    ) => reference)
  ]
}

describe("references to the specification", () => {
  it("are told apart: a clause and a section that exist, and others", () => {
    assert.deepStrictEqual(unknownIn("(F4) of N2, F12. F3.mention (WIRE, bridge\n * lifecycle) (OPERATIONS, HTTP)"), [])
    assert.deepStrictEqual(
      unknownIn("(F14) (WIRE, nowhere) (SCALE, guarantee) F0"),
      ["F14", "F0", "WIRE, nowhere", "(SCALE, guarantee)"]
    )
  })

  it("name a clause or a section that exists", () => {
    const unknown = sources.flatMap((file) => unknownIn(readFileSync(file, "utf8")).map((name) => `${file}: ${name}`))
    assert.isNotEmpty(sources)
    assert.deepStrictEqual(unknown, [])
  })
})
