import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"

const src = resolve(import.meta.dirname, "../src")
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))

/** Everything a file imports: files of the house by their path in `src/`, packages by name. */
const importsOf = (file: string): ReadonlyArray<string> =>
  [...readFileSync(join(src, file), "utf8").matchAll(/^(?:import|export)\b(?:[^=;]*?\bfrom)?\s+["']([^"'\n]+)["']/gm)]
    .flatMap(([, name]) =>
      name === undefined ? [] : [name.startsWith(".") ? relative(src, resolve(src, dirname(file), name)) : name]
    )

const room = (file: string): string => file.split("/")[0] ?? file
const isHouse = (name: string): boolean => files.includes(name)

/** What each room may use besides itself. */
const rooms: Readonly<Record<string, { readonly house: ReadonlyArray<string>; readonly packages: RegExp }>> = {
  domain: {
    house: ["domain"],
    packages: /^(effect|effect\/encoding|entities|mdast-util-from-markdown|re2js|yaml|@noble\/hashes\/.*)$/
  },
  services: { house: ["domain", "services"], packages: /^(effect|effect\/crypto)$/ },
  layers: { house: ["domain", "services", "layers"], packages: /./ },
  "program.ts": {
    house: ["layers", "services", "domain"],
    packages: /^(effect|effect\/cli|@effect\/platform-node\/.*)$/
  }
}

describe("the house", () => {
  it("has files to look at", () => assert.isAbove(files.length, 40))

  for (const file of files) {
    it(`${file} imports one way`, () => {
      const allowed = rooms[room(file)]
      if (allowed === undefined) return assert.fail(`${file} stands in no room`)
      for (const name of importsOf(file)) {
        if (isHouse(name)) assert.include(allowed.house, room(name), `${file} imports ${name}`)
        else if (!name.endsWith("package.json")) assert.match(name, allowed.packages, `${file} imports ${name}`)
      }
    })
  }

  it("has no barrel and no circle", () => {
    assert.deepStrictEqual(files.filter((file) => file.endsWith("index.ts")), [])
    const visited = new Set<string>()
    const visit = (file: string, path: ReadonlyArray<string>): void => {
      assert.notInclude(path, file, `a circle: ${[...path, file].join(" → ")}`)
      if (visited.has(file)) return
      for (const name of importsOf(file).filter(isHouse)) visit(name, [...path, file])
      visited.add(file)
    }
    for (const file of files) visit(file, [])
  })

  it("knows of each break on purpose where it stands", () => {
    const { status, stdout } = spawnSync(process.execPath, ["scripts/mutate.ts", "--list"], { encoding: "utf8" })
    assert.strictEqual(status, 0, stdout)
  })

  it("keeps its files short: one concept each", () => {
    const long = files.map((file) => [file, readFileSync(join(src, file), "utf8").split("\n").length] as const)
      .filter(([, lines]) => lines > 220)
    assert.deepStrictEqual(long, [])
  })
})
