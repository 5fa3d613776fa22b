import { chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { Effect, Schedule, Schema } from "effect"
import { emptyFolder, launch, type Program } from "../../support/Program.ts"
import { type ImageConfig, mountedImage } from "./Image.ts"

const script = join(import.meta.dirname, "container.sh")

const isGone = Schema.is(Schema.Struct({ code: Schema.Literal("ESRCH") }))

/** As a container engine starts processes: the image's user and environment, no capability, no way to more. */
const confined = (
  { Env, User, WorkingDir }: ImageConfig,
  env: Readonly<Record<string, string>>
): ReadonlyArray<string> => {
  const [uid, gid] = User.split(":")
  const person = [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"]
  const powers = ["--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"]
  const variables = [...Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)]
  return ["setpriv", ...person, ...powers, "env", "-i", `--chdir=${WorkingDir}`, ...variables]
}

/** A process of the image on a read-only root, in namespaces of its own. */
export interface Container extends Omit<Program, "signal"> {
  /** To the process itself, as the kernel sees it: it is number 1 in there. */
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Runs a command beside it, in the same namespaces. */
  readonly exec: (command: ReadonlyArray<string>, env?: Readonly<Record<string, string>>) => Effect.Effect<{
    readonly code: number | null
    readonly output: string
  }>
}

/** The number that a script of this folder writes once it runs. */
export const pidIn = (file: string) =>
  Effect.sync(() => existsSync(file) ? readFileSync(file, "utf8").trim() : "").pipe(
    Effect.repeat({ until: (text) => text !== "", schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutOrElse({ duration: "10 seconds", orElse: () => Effect.die(new Error("the container did not start")) })
  )

/** Ends a process that may have ended already. */
export const killIfThere = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL")
  } catch (cause) {
    if (!isGone(cause)) throw cause
  }
}

/** What a container is started with. */
export interface ContainerOptions {
  readonly image: ImageConfig
  /** In place of the image's own entry point and command. */
  readonly command?: ReadonlyArray<string>
  readonly env?: Readonly<Record<string, string>>
  /** The folder that is `/config` in there. */
  readonly config?: string
}

/** Starts a container of the built image; it is gone when the scope closes. */
export const startContainer = Effect.fnUntraced(function*({ command, config, env = {}, image }: ContainerOptions) {
  const root = yield* mountedImage
  const folder = yield* emptyFolder
  const empty = join(folder, "empty")
  mkdirSync(empty)
  // Whoever made the folder may be the only one who sees into it; user 1000 has to as well.
  if (config !== undefined) chmodSync(config, 0o755)
  const pidFile = join(folder, "pid")
  const wanted = command ?? [...image.Entrypoint, ...image.Cmd]
  const namespaces = ["--mount", "--pid", "--fork", "--kill-child"]
  const started = ["sh", script, root, config ?? empty, pidFile, ...confined(image, env), ...wanted]
  const program = yield* launch("unshare", [...namespaces, ...started], { cwd: "/", env: {} })
  const pid = yield* pidIn(pidFile)
  // Who changes the user is no longer killed together with unshare.
  yield* Effect.addFinalizer(() => Effect.sync(() => killIfThere(Number(pid))))
  const container: Container = {
    ...program,
    signal: (signal) => Effect.sync(() => void process.kill(Number(pid), signal)),
    exec: (beside, more = {}) =>
      Effect.gen(function*() {
        const inside = ["--target", pid, "--mount", "--pid", "--root", "--", ...confined(image, { ...env, ...more })]
        const run = yield* launch("nsenter", [...inside, ...beside], { cwd: "/", env: {} })
        const code = yield* run.exit
        return { code, output: yield* run.output }
      }).pipe(Effect.scoped)
  }
  return container
})
