import { readFileSync } from "node:fs"
import { Schema } from "effect"
import manifest from "../../../package.json" with { type: "json" }

/** The version of this program. */
export const version: string = manifest.version

/** A file of the package, by its path from the package's root. Works from the source tree and from the bundle. */
export const packageFile = (path: string): string => {
  const roots = ["../", "../../", "../../../"].map((root) => new URL(`${root}${path}`, import.meta.url))
  for (const file of roots) {
    try {
      return readFileSync(file, "utf8")
    } catch (cause) {
      if (!isMissing(cause)) throw cause
    }
  }
  throw new Error(`${path} is missing from the package; install it again`)
}

/** The library of the pages, under the licences that go with it wherever it goes: htm's, and that of the Preact in it. */
export const pageLibrary = (): string => {
  const file = import.meta.resolve("htm/preact/standalone")
  const [code, htm] = [file, new URL("../LICENSE", file)].map((place) => readFileSync(new URL(place), "utf8"))
  return `/*!\nhtm\n\n${htm}\n\nPreact\n\n${packageFile("playground/preact-license.txt")}*/\n${code}`
}

const isMissing = Schema.is(Schema.Struct({ code: Schema.Literal("ENOENT") }))
