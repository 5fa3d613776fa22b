import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync } from "node:fs"
import { join, resolve } from "node:path"

const onPath = (program: string): string | undefined => {
  const found = spawnSync("sh", ["-c", `command -v ${program}`], { encoding: "utf8" }).stdout.trim()
  return found === "" ? undefined : found
}

/** Debian's package, fetched with package lists of our own and unpacked: no root, nothing is installed. */
const fetchFromDebian = (name: string, cache: string): void => {
  for (const part of ["lists/partial", "cache/archives/partial", "root"]) {
    mkdirSync(join(cache, part), { recursive: true })
  }
  const options = ["-o", `Dir::State::Lists=${join(cache, "lists")}`, "-o", `Dir::Cache=${join(cache, "cache")}`]
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
