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

/** A file of a dependency, by its import path. */
export const vendorFile = (specifier: string): string => readFileSync(new URL(import.meta.resolve(specifier)), "utf8")

const isMissing = Schema.is(Schema.Struct({ code: Schema.Literal("ENOENT") }))
