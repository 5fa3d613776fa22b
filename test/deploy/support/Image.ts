import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import process from "node:process"
import { Effect, Schema, type Scope } from "effect"
import manifest from "../../../package.json" with { type: "json" }

const repository = resolve(import.meta.dirname, "../../..")
const cache = join(repository, "node_modules/.cache/image")

/** The image the tests build, and the base that its Dockerfile names. */
const image = "localhost/llm-bot:test"
const base = "docker.io/library/node:24-trixie-slim"

/** The base with systemd in it: a machine to run the unit on. */
const machine = "localhost/llm-bot-machine:test"

/** A storage of our own: nothing of the machine's is touched, and no mount stays behind in it. */
const storage = [
  ["--root", join(cache, "storage")],
  ["--runroot", "/run/llm-bot-image"],
  ["--storage-driver", process.env["STORAGE_DRIVER"] ?? "overlay"],
  ["--storage-opt", "overlay.skip_mount_home=true"]
].flat()

const command = (program: string, ...args: ReadonlyArray<string>): string =>
  execFileSync(program, args, { encoding: "utf8", stdio: "pipe", maxBuffer: 64 * 1024 * 1024 }).trim()

const buildah = (...args: ReadonlyArray<string>): string => command("buildah", ...storage, ...args)

const isThere = (name: string): boolean => {
  try {
    buildah("inspect", "--type", "image", name)
    return true
  } catch {
    return false
  }
}

/** Where npm lies on this machine. */
const npmFolder = (): string => resolve(dirname(realpathSync(command("sh", "-c", "command -v npm"))), "..")

/** Debian trixie with this Node, its npm and the user `node`, as the official image has them. */
const fillBase = (root: string): void => {
  command("debootstrap", "--variant=minbase", "--include=ca-certificates", "trixie", root)
  cpSync(realpathSync(process.execPath), join(root, "usr/local/bin/node"))
  cpSync(npmFolder(), join(root, "usr/local/lib/node_modules/npm"), { recursive: true })
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(root, "usr/local/bin/npm"))
  command("chroot", root, "useradd", "--create-home", "--uid", "1000", "--shell", "/bin/bash", "node")
  for (const folder of ["var/cache/apt/archives", "var/lib/apt/lists"]) rmSync(join(root, folder), { recursive: true })
}

/** Makes an image by hand, unless it is there. */
const make = (name: string, from: string, fill: (container: string) => void): void => {
  if (isThere(name)) return
  const container = buildah("from", "--pull-never", from)
  try {
    fill(container)
    buildah("commit", "--quiet", "--format", "docker", container, name)
  } finally {
    buildah("rm", container)
  }
}

/** No registry of images is reached from everywhere: the base is made here, under the name the Dockerfile uses. */
const makeBase = (): void => make(base, "scratch", (container) => fillBase(buildah("mount", container)))

/** A machine that starts systemd, and nothing that would touch the network, which it has in common with this one. */
const makeMachine = (): void =>
  make(machine, base, (container) => {
    const run = (...args: ReadonlyArray<string>) =>
      buildah("run", "--isolation", "chroot", "--network", "host", container, "--", ...args)
    run("apt-get", "update")
    run("apt-get", "install", "--yes", "--no-install-recommends", "systemd", "systemd-sysv", "procps")
    run("systemctl", "mask", "systemd-networkd.service", "systemd-networkd.socket", "systemd-resolved.service")
    run("ln", "-s", "/usr/local/bin/node", "/usr/bin/node")
    run("mkdir", "-p", "/etc/llm-bot", "/opt/llm-bot/node_modules", "/before")
  })

const certificates = "/etc/ssl/certs"

/** What npm needs inside the build to reach the registry this machine uses. */
const npmSettings = (): string => {
  const registry = command("npm", "config", "get", "registry")
  return `registry=${registry}\ncafile=${certificates}/ca-certificates.crt\nfetch-retries=5\n`
}

const proxies = ["http_proxy", "https_proxy", "no_proxy"].flatMap((name) => {
  const value = process.env[name] ?? process.env[name.toUpperCase()]
  return value === undefined ? [] : ["--build-arg", `${name}=${value}`]
})

/** Builds the repository's Dockerfile with buildah; the images made by hand first. Needs root. */
export const buildImage = (): void => {
  mkdirSync(cache, { recursive: true })
  const npmrc = join(cache, "npmrc")
  writeFileSync(npmrc, npmSettings())
  // What an earlier run that was killed has left.
  buildah("rm", "--all")
  makeBase()
  makeMachine()
  const how = ["--isolation", "chroot", "--pull-never", "--layers", "--format", "docker", "--network", "host"]
  const volumes = ["--volume", `${certificates}:${certificates}:ro`, "--volume", `${npmrc}:/root/.npmrc:ro`]
  const values = ["--build-arg", `VERSION=${manifest.version}`, ...proxies]
  buildah("bud", ...how, ...volumes, ...values, "--tag", image, repository)
}

const Config = Schema.Struct({
  User: Schema.String,
  Env: Schema.Array(Schema.String),
  Entrypoint: Schema.Array(Schema.String),
  Cmd: Schema.Array(Schema.String),
  WorkingDir: Schema.String,
  StopSignal: Schema.String,
  ExposedPorts: Schema.Record(Schema.String, Schema.Unknown),
  Labels: Schema.Record(Schema.String, Schema.String),
  Healthcheck: Schema.Struct({
    Test: Schema.Array(Schema.String),
    /** ns */
    StartPeriod: Schema.Finite
  })
})
const Inspected = Schema.fromJsonString(Schema.Struct({
  Docker: Schema.Struct({ config: Config }),
  Manifest: Schema.fromJsonString(Schema.Struct({ layers: Schema.Array(Schema.Struct({ size: Schema.Finite })) }))
}))

/** How the image says that it wants to be run. */
export type ImageConfig = typeof Config.Type

/** What the built image says of itself; `ownBytes` is what lies above its base. */
export const inspectImage = (): { readonly config: ImageConfig; readonly ownBytes: number } => {
  const { Docker, Manifest } = Schema.decodeSync(Inspected)(buildah("inspect", "--type", "image", image))
  return { config: Docker.config, ownBytes: Manifest.layers.slice(1).reduce((sum, { size }) => sum + size, 0) }
}

/** An image's files, mounted to be used and thrown away with the scope. */
const mounted = (name: string): Effect.Effect<string, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => buildah("from", "--pull-never", name)),
    (container) => Effect.sync(() => void buildah("rm", container))
  ).pipe(Effect.map((container) => buildah("mount", container)))

/** The bot's image. */
export const mountedImage = mounted(image)

/** A machine with systemd, nothing of the bot on it. */
export const mountedMachine = mounted(machine)
