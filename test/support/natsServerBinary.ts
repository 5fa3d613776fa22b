import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, readdirSync } from "node:fs"
import { join, resolve } from "node:path"

const cache = resolve(import.meta.dirname, "../../node_modules/.cache/nats-server")
const unpacked = join(cache, "root/usr/sbin/nats-server")

const onPath = (): string | undefined => {
  const found = spawnSync("sh", ["-c", "command -v nats-server"], { encoding: "utf8" }).stdout.trim()
  return found === "" ? undefined : found
}

/** Debian's package, fetched with package lists of our own and unpacked: no root, nothing is installed. */
const fetchFromDebian = (): void => {
  for (const part of ["lists/partial", "cache/archives/partial", "root"]) {
    mkdirSync(join(cache, part), { recursive: true })
  }
  const options = ["-o", `Dir::State::Lists=${join(cache, "lists")}`, "-o", `Dir::Cache=${join(cache, "cache")}`]
  const apt = (...args: ReadonlyArray<string>) => execFileSync("apt-get", [...options, ...args], { cwd: cache, stdio: "pipe" })
  apt("update")
  apt("download", "nats-server")
  const packages = readdirSync(cache).filter((name) => name.startsWith("nats-server_") && name.endsWith(".deb"))
  execFileSync("dpkg", ["-x", join(cache, packages[0] ?? "nats-server.deb"), join(cache, "root")], { stdio: "pipe" })
}

/** The path of a nats-server to test with; fetched where there is none. */
export const natsServerBinary = (): string => {
  const found = onPath() ?? (existsSync(unpacked) ? unpacked : undefined)
  if (found !== undefined) return found
  try {
    fetchFromDebian()
  } catch {
    throw new Error("the tests need nats-server: install it (Debian: apt-get install nats-server) and put it on the PATH")
  }
  return unpacked
}
