import { readFileSync, writeFileSync } from "node:fs"
import { Schema } from "effect"

// A registry that serves this platform's packages only makes npm write a lockfile without the other platforms' optional
// packages, which `npm ci` then refuses anywhere. This adds what npm would have written of them: version and platform.
// They are never fetched where the platform differs.
// It also leaves out which Node each package wants: npm compares that with the machine's Node and warns of each, but the
// scripts run on the Node of node_modules. To be run after every change of a dependency.

const Entry = Schema.StructWithRest(
  Schema.Struct({
    dev: Schema.optionalKey(Schema.Boolean),
    optionalDependencies: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
  }),
  [Schema.Record(Schema.String, Schema.Unknown)]
)
const Lockfile = Schema.fromJsonString(
  Schema.StructWithRest(Schema.Struct({ packages: Schema.Record(Schema.String, Entry) }), [
    Schema.Record(Schema.String, Schema.Unknown)
  ])
)

const systems = ["aix", "android", "darwin", "freebsd", "linux", "openharmony", "sunos", "netbsd", "openbsd", "win32"]
const processors = ["arm64", "x64", "arm", "ia32", "ppc64", "riscv64", "s390x", "loong64", "mips64el", "wasm32"]

/** The platform a package is for, as its name says it: `@scope/name-linux-arm64-musl`. */
const platformOf = (name: string): Readonly<Record<string, ReadonlyArray<string>>> => {
  const parts = name.split(/[/-]/)
  const only = (key: string, known: ReadonlyArray<string>) => {
    const found = parts.filter((part) => known.includes(part))
    return found.length === 0 ? {} : { [key]: found }
  }
  const libc = parts.includes("musl") ? { libc: ["musl"] } : parts.includes("gnu") ? { libc: ["glibc"] } : {}
  return { ...only("os", systems), ...only("cpu", processors), ...libc }
}

const file = "package-lock.json"
const lockfile = Schema.decodeSync(Lockfile)(readFileSync(file, "utf8"))
const { packages: locked } = lockfile

/** Where a package's dependency belongs: beside the others, or inside it when another version stands there. */
const placeOf = (owner: string, name: string, version: string): string | undefined => {
  const inside = `${owner}/node_modules/${name}`
  const beside = `node_modules/${name}`
  if (inside in locked || locked[beside]?.["version"] === version) return undefined
  return beside in locked ? inside : beside
}

const missing = Object.entries(locked).flatMap(([owner, { dev, optionalDependencies = {} }]) =>
  Object.entries(optionalDependencies).flatMap(([name, version]) => {
    const platform = platformOf(name)
    const place = placeOf(owner, name, version)
    if (place === undefined || !/^\d/.test(version) || Object.keys(platform).length === 0) return []
    return [[place, { version, ...platform, ...(dev === true ? { dev } : {}), optional: true }] as const]
  })
)
const withoutEngines = (entry: object) => Object.fromEntries(Object.entries(entry).filter(([key]) => key !== "engines"))
const present = Object.entries(locked).map(([place, entry]) =>
  [place, place === "" ? entry : withoutEngines(entry)] as const
)
const packages = Object.fromEntries([...present, ...missing].toSorted(([one], [other]) => one < other ? -1 : 1))
writeFileSync(file, `${JSON.stringify({ ...lockfile, packages }, undefined, 2)}\n`)
process.stdout.write(`${missing.length} packages of other platforms added\n`)
