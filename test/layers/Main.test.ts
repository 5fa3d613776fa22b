import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join, resolve } from "node:path"
import process from "node:process"
import { afterAll, assert, describe, it } from "@effect/vitest"

// All wiring is checked by the compiler: a copy of Main.ts for each layer, without that layer, and none of them compiles.

const root = resolve(import.meta.dirname, "../..")
const file = join(root, "src/layers/Main.ts")
const folder = mkdtempSync(join(tmpdir(), "llm-bot-wiring-"))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The text of Main.ts where it may lie anywhere. */
const text = readFileSync(file, "utf8").replace(/from "(\..*)"/g, (_, name) => `from "${resolve(dirname(file), name)}"`)

const wiring = text.lastIndexOf("\nimport ")

/** Every place at which a layer is wired: its own, one made here, or one that is handed in. */
const layers = [...text.matchAll(/\b(?:[A-Z]\w*\.layer\w*|(?:memory|byTheClock|intake)\b(?=[,)]))/g)]
  .filter(({ index }) => index > wiring)
  .map(({ 0: name, index }) => ({
    name,
    without: `${text.slice(0, index)}Layer.empty${text.slice(index + name.length)}`
  }))

const compile = (): string => {
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"))
  writeFileSync(join(folder, "package.json"), `{"type":"module"}`)
  writeFileSync(join(folder, "Main.ts"), text)
  layers.forEach(({ without }, index) => writeFileSync(join(folder, `Without${index}.ts`), without))
  const settings = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: { noEmit: true, noUnusedLocals: false, plugins: [] },
    include: ["*.ts"]
  }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings))
  const { stdout } = spawnSync(join(root, "node_modules/.bin/tsc"), ["-p", folder, "--pretty", "false"], {
    cwd: folder,
    encoding: "utf8",
    env: process.env
  })
  return stdout
}

describe("the wiring of Main", () => {
  const errors = compile()

  it("compiles as it is, and wires every part of the bot", () => {
    assert.notInclude(errors, "Main.ts(")
    assert.isAbove(layers.length, 20)
  })

  for (const [index, { name }] of layers.entries()) {
    it(`does not compile without ${name}`, () =>
      assert.match(errors, new RegExp(`Without${index}\\.ts\\(.*TS2(?:322|345|375|379)`)))
  }
})
