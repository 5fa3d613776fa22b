import { type ChildProcess, spawn } from "node:child_process"
import { resolve } from "node:path"
import process from "node:process"
import { Effect, Schema, type Scope } from "effect"
import { processTimes } from "./ProcessTimes.ts"

const root = resolve(import.meta.dirname, "../..")

/** How often a process is looked at while it should come to rest, ms. */
const lookEveryMs = 40
/** What a process that rests may still use of a core, for its timers, and how much of the time these may have to wait. */
const atRest = { running: 0.03, waiting: 0.4 }

/** A process under measurement. */
export interface Measured {
  readonly pid: number
  readonly child: ChildProcess
  /** The CPU it has used so far, all threads together, in µs. */
  readonly cpu: Effect.Effect<number>
  /** Waits until no thread of it runs or wants to run: only then has it dealt with all it was given. */
  readonly rest: Effect.Effect<void>
  /** Sends a question to a process that answers them, and waits for the answer. */
  readonly ask: <A>(question: object, answer: Schema.ConstraintDecoder<A>) => Effect.Effect<A>
  readonly exited: Effect.Effect<number | null>
}

const exit = (child: ChildProcess): Effect.Effect<number | null> =>
  Effect.callback<number | null>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null) resume(Effect.succeed(child.exitCode))
    else child.once("exit", (code) => resume(Effect.succeed(code)))
  })

const restOf = (pid: number): Effect.Effect<void> =>
  Effect.gen(function*() {
    let still = 0
    let before = processTimes(pid)
    while (still < 3) {
      yield* Effect.sleep(lookEveryMs)
      const now = processTimes(pid)
      const rests = now.running - before.running < lookEveryMs * 1e6 * atRest.running &&
        now.waiting - before.waiting < lookEveryMs * 1e6 * atRest.waiting
      still = rests ? still + 1 : 0
      before = now
    }
  })

const answerOf = (child: ChildProcess): Effect.Effect<unknown> =>
  Effect.callback<unknown>((resume) => {
    const ended = (code: number | null): void => resume(Effect.die(new Error(`a measured process ended with ${code}`)))
    child.once("exit", ended)
    child.once("message", (message) => {
      child.off("exit", ended)
      resume(Effect.succeed(message))
    })
  })

/** Starts a Node process with a channel for questions; it is killed when the scope closes. */
export const measured = Effect.fnUntraced(function*(
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Effect.fn.Return<Measured, never, Scope.Scope> {
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, args, {
        cwd: root,
        env: { PATH: process.env["PATH"], ...env },
        stdio: ["ignore", "pipe", "inherit", "ipc"]
      })
    ),
    (child) =>
      Effect.suspend(() => {
        child.kill("SIGKILL")
        return exit(child)
      })
  )
  const pid = child.pid ?? 0
  return {
    pid,
    child,
    cpu: Effect.sync(() => processTimes(pid).running / 1000),
    rest: restOf(pid),
    ask: (question, answer) =>
      Effect.suspend(() => {
        child.send(question)
        return answerOf(child)
      }).pipe(Effect.flatMap(Schema.decodeUnknownEffect(answer)), Effect.orDie),
    exited: exit(child)
  }
})

/** Starts one of the programs of `bench/children`, and waits until it is ready; `flags` are for Node. */
export const worker = Effect.fnUntraced(function*(
  name: string,
  flags: ReadonlyArray<string>,
  ...args: ReadonlyArray<string>
) {
  const process = yield* measured([...flags, resolve(root, "bench/children", `${name}.ts`), ...args])
  yield* answerOf(process.child)
  process.child.stdout?.resume()
  return process
})
