import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { loadavg } from "node:os"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Cause, Console, Duration, Effect, Exit, Option } from "effect"
import { Command, Flag } from "effect/cli"
import { burst } from "./benchmarks/burst.ts"
import { decision } from "./benchmarks/decision.ts"
import { intake } from "./benchmarks/intake.ts"
import { growths } from "./benchmarks/growth.ts"
import { latency } from "./benchmarks/latency.ts"
import { memory } from "./benchmarks/memory.ts"
import { replay } from "./benchmarks/replay.ts"
import { replies } from "./benchmarks/replies.ts"
import { start } from "./benchmarks/start.ts"
import { surfaces } from "./benchmarks/surfaces.ts"
import { keepCompiled } from "./process/Bot.ts"
import type { Benchmark, Figure } from "./Figure.ts"
import { regressions } from "./CommittedCosts.ts"
import { table } from "./Table.ts"

// Measures the bundle and prints what it should reach and what it does; `docs/performance.md` explains each figure.

const benchmarks: ReadonlyArray<Benchmark> = [
  intake,
  replies,
  latency,
  decision,
  memory,
  start,
  growths,
  surfaces,
  burst,
  replay
]

/** What continuous integration has time for. */
const short = new Set(["intake", "replies", "decision", "memory", "start"])

const bench = Command.make(
  "bench",
  {
    json: Flag.String("json").pipe(Flag.optional, Flag.withDescription("write the figures to this file")),
    only: Flag.String("only").pipe(Flag.optional, Flag.withDescription("one benchmark, by its name")),
    short: Flag.Boolean("short").pipe(
      Flag.withDefault(false),
      Flag.withDescription("a short run that fails when a figure has become three times worse than committed")
    )
  },
  Effect.fnUntraced(function*({ json, only, short: isShort }) {
    const wanted = benchmarks.filter(({ name }) =>
      Option.match(only, {
        onNone: () => !isShort || short.has(name),
        onSome: (one) => one === name
      })
    )
    yield* keepCompiled
    const load = Number(loadavg()[0]?.toFixed(1))
    const figures: Array<Figure> = []
    const failed: Array<string> = []
    for (const { name, run } of wanted) {
      const [took, measured] = yield* Effect.timed(Effect.exit(run(isShort ? "short" : "full")))
      if (Exit.isSuccess(measured)) figures.push(...measured.value)
      else {
        failed.push(name)
        yield* Console.error(`${name} failed: ${Cause.pretty(measured.cause)}`)
      }
      yield* Console.error(`${name}: ${Math.round(Duration.toSeconds(took))} s`)
    }
    yield* Console.log(`${table(figures)}\n\nload at the beginning ${load}, at the end ${loadavg()[0]?.toFixed(1)}`)
    if (Option.isSome(json)) {
      const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim()
      const measured = figures.map((figure) => ({ ...figure, commit, load }))
      yield* Effect.sync(() => writeFileSync(json.value, `${JSON.stringify(measured, undefined, 2)}\n`))
    }
    if (failed.length > 0) return yield* Effect.die(new Error(`not measured: ${failed.join(", ")}`))
    if (!isShort) return
    const worse = regressions(figures)
    for (const line of worse) yield* Console.error(line)
    if (worse.length > 0) return yield* Effect.die(new Error("figures have become three times worse than committed"))
  })
)

Command.run(bench, { version: "1" }).pipe(Effect.provide(NodeServices.layer), NodeRuntime.runMain)
