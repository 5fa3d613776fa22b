import { rm } from "node:fs/promises"
import { connect, createServer, type Server } from "node:net"
import { join, relative } from "node:path"
import process from "node:process"
import { Effect, Predicate, Schema } from "effect"

/** Another bot keeps its state in the directory. */
export class StateInUse extends Schema.TaggedError<StateInUse>()("StateInUse", { directory: Schema.String }) {
  override get message() {
    return `another bot keeps its state in ${this.directory}: two would overwrite each other's; ` +
      "stop it, or give this one a state.directory of its own"
  }
}

/** The longest path of a socket on every system, bytes. */
const longestPath = 103
const askWithin = 1_000

const codeOf = (cause: unknown): string => Predicate.hasProperty(cause, "code") ? String(cause.code) : "unknown"

/** A socket in the directory: the system closes it with its process, however that ends. */
const listen = (path: string): Promise<Server> =>
  new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once("error", reject)
    server.listen(path, () => resolve(server.unref()))
  })

/** Whether a process holds the socket. */
const isHeld = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.setTimeout(askWithin, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once("error", () => resolve(false))
  })

const hold = async (path: string): Promise<Server | "held"> => {
  try {
    return await listen(path)
  } catch (cause) {
    if (codeOf(cause) !== "EADDRINUSE") throw cause
    if (await isHeld(path)) return "held"
    // Its process was killed.
    await rm(path, { force: true })
    return listen(path)
  }
}

/** The way to the socket that is shorter: the system takes no long ones. */
const pathIn = (directory: string): string => {
  const path = join(directory, "lock")
  const near = relative(process.cwd(), path)
  return near.length < path.length ? near : path
}

/** Keeps other bots of this machine out of a directory until the scope closes (F13). */
export const lockDirectory = Effect.fnUntraced(function*(directory: string) {
  const path = pathIn(directory)
  const unguarded = (why: string) =>
    Effect.logWarning(`A second bot that keeps its state in ${directory} would not be noticed: ${why}`)
  if (Buffer.byteLength(path) > longestPath) return yield* unguarded("the path is too long for a socket")
  const server = yield* Effect.tryPromise({ try: () => hold(path), catch: codeOf }).pipe(
    Effect.catch((code) => Effect.as(unguarded(`no socket can be made there (${code})`), undefined))
  )
  if (server === "held") return yield* new StateInUse({ directory })
  if (server === undefined) return
  yield* Effect.addFinalizer(() =>
    Effect.callback<void>((resume) => {
      server.close(() => resume(Effect.void))
    }).pipe(Effect.timeoutOption("1 second"))
  )
})
