import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"

const onPath = (program: string): string | undefined => {
  const found = spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).stdout.trim()
  return found === "" ? undefined : found
}

/** Another suite than the machine's: its sources alone. */
const suiteOptions = (suite: string, cache: string): ReadonlyArray<string> => {
  const sources = join(cache, "sources.list")
  const keys = "signed-by=/usr/share/keyrings/debian-archive-keyring.gpg"
  writeFileSync(sources, `deb [${keys}] http://deb.debian.org/debian ${suite} main\n`)
  return ["-o", `Dir::Etc::SourceList=${sources}`, "-o", "Dir::Etc::SourceParts=/dev/null"]
}

/** Debian's package, fetched with package lists of our own and unpacked: no root, nothing is installed. */
const fetchFromDebian = (name: string, cache: string, suite?: string): void => {
  for (const part of ["lists/partial", "cache/archives/partial", "root"]) {
    mkdirSync(join(cache, part), { recursive: true })
  }
  const options = [
    "-o",
    `Dir::State::Lists=${join(cache, "lists")}`,
    "-o",
    `Dir::Cache=${join(cache, "cache")}`,
    ...(suite === undefined ? [] : suiteOptions(suite, cache))
  ]
  const apt = (...args: ReadonlyArray<string>) =>
    execFileSync("apt-get", [...options, ...args], { cwd: cache, stdio: "pipe" })
  apt("update")
  apt("download", name)
  const archive = readdirSync(cache).find((file) => file.startsWith(`${name}_`) && file.endsWith(".deb"))
  execFileSync("dpkg", ["-x", join(cache, archive ?? `${name}.deb`), join(cache, "root")], { stdio: "pipe" })
}

/** A program of the machine, else the one of Debian's package, which is fetched once; elsewhere one line says what to do. */
export const debianBinary = (program: string, name: string, path: string): string => {
  const cache = resolve(import.meta.dirname, "../../node_modules/.cache", name)
  const unpacked = join(cache, "root", path)
  const found = onPath(program) ?? (existsSync(unpacked) ? unpacked : undefined)
  if (found !== undefined) return found
  try {
    fetchFromDebian(name, cache)
    return unpacked
  } catch {
    throw new Error(`the tests need ${program}: install it (Debian: apt-get install ${name}) and put it on the PATH`)
  }
}

/** The program of a package in another suite of Debian, unpacked beside the machine's own; nothing where that fails. */
export const suiteBinary = (suite: string, name: string, path: string): string | undefined => {
  const cache = resolve(import.meta.dirname, "../../node_modules/.cache", `${name}-${suite}`)
  const unpacked = join(cache, "root", path)
  if (existsSync(unpacked)) return unpacked
  try {
    fetchFromDebian(name, cache, suite)
    return unpacked
  } catch {
    return undefined
  }
}
