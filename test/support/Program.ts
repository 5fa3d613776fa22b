import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import process from "node:process"
import { Effect, Option, Schedule, Schema } from "effect"
import { programBundle } from "./programBundle.ts"

const root = resolve(import.meta.dirname, "../..")
/** What Node makes of the program, kept between starts. */
export const compiled = resolve(root, "node_modules/.cache/node-compile")
const LogLine = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
const decodeLogLine = Schema.decodeUnknownOption(LogLine)

/** The program in a process of its own, as a person starts it. */
export interface Program {
  /** Whatever came on stdout and stderr so far. */
  readonly output: Effect.Effect<string>
  /** Whatever came on stdout alone. */
  readonly result: Effect.Effect<string>
  readonly logs: Effect.Effect<ReadonlyArray<Readonly<Record<string, unknown>>>>
  /** Waits for the first log line with the message; a program that ends before is a defect. */
  readonly logged: (message: string, times?: number) => Effect.Effect<Readonly<Record<string, unknown>>>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Waits for the end and says with which code. */
  readonly exit: Effect.Effect<number | null>
}

const exited = (child: ChildProcess): Effect.Effect<number | null> =>
  Effect.callback<number | null>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) resume(Effect.succeed(child.exitCode))
    else child.once("close", (code) => resume(Effect.succeed(code)))
  })

/** Starts a command; it is killed when the scope closes. */
export const launch = Effect.fnUntraced(function*(
  command: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string>> }
) {
  let output = ""
  let result = ""
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => spawn(command, args, { cwd: options.cwd, env: { PATH: process.env["PATH"], ...options.env } })),
    (child) =>
      Effect.suspend(() => {
        child.kill("SIGKILL")
        return exited(child)
      })
  )
  const take = (part: Buffer): void => {
    output += part.toString("utf8")
  }
  child.stdout.on("data", (part: Buffer) => {
    take(part)
    result += part.toString("utf8")
  })
  child.stderr.on("data", take)
  const logs = Effect.sync(() => output.split("\n").flatMap((line) => Option.toArray(decodeLogLine(line))))
  const program: Program = {
    output: Effect.sync(() => output),
    result: Effect.sync(() => result),
    logs,
    logged: (message, times = 1) =>
      Effect.map(logs, (lines) => lines.filter((line) => line["message"] === message)[times - 1]).pipe(
        Effect.repeat({
          until: (line) => line !== undefined || child.exitCode !== null,
          schedule: Schedule.spaced("20 millis")
        }),
        Effect.timeoutOrElse({ duration: "20 seconds", orElse: () => Effect.void }),
        Effect.filterOrElse(
          (line) => line !== undefined,
          () => Effect.die(new Error(`"${message}" was never logged:\n${output}`))
        )
      ),
    signal: (signal) => Effect.sync(() => void child.kill(signal)),
    exit: exited(child)
  }
  return program
})

/** Starts `llm-bot` as it is shipped. */
export const llmBot = (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) =>
  launch(process.execPath, [programBundle, ...args], { cwd: root, env: { NODE_COMPILE_CACHE: compiled, ...env } })

/** An empty folder that is gone when the scope closes. */
export const emptyFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "llm-bot-test-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

/** A file with the text, by its path. */
export const fileWith = (name: string, text: string | Buffer) =>
  Effect.map(emptyFolder, (folder) => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  })

/** Holds a port of the system's choice until the scope closes. */
export const takenPort = Effect.map(
  Effect.acquireRelease(
    Effect.callback<ReturnType<typeof createServer>>((resume) => {
      const server = createServer()
      server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
    }),
    (server) => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
  ),
  (server) => {
    const address = server.address()
    return typeof address === "object" && address !== null ? address.port : 0
  }
)

/** A port that is free now. */
export const freePort = Effect.scoped(takenPort)
