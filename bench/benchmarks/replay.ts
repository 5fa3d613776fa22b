import { createWriteStream } from "node:fs"
import { join } from "node:path"
import { Effect, Fiber, Schedule } from "effect"
import { alternated, type Benchmark, type Figure, type Target, valueFigure } from "../Figure.ts"
import { bundle, configFile, scratch, unlimited } from "../process/Bot.ts"
import { measured } from "../process/Measured.ts"
import { residentMemory } from "../process/ProcessTimes.ts"

const lineAt = (index: number): string => {
  const time = Date.UTC(2026, 10, 21) + index * 864
  const text = index % 20 === 0 ? `@MovieBot what about number ${index}?` : `some words about the film, number ${index}`
  return `${time}\tviewer${index % 57}\t${text}\n`
}

/** A busy room's chat log with so many lines. */
const chatLog = Effect.fnUntraced(function*(lines: number) {
  const file = join(yield* scratch, "day.tsv")
  yield* Effect.callback<void>((resume) => {
    const stream = createWriteStream(file)
    for (let index = 0; index < lines; index++) stream.write(lineAt(index))
    stream.end(() => resume(Effect.void))
  })
  return file
})

/** The least a replay does: reads the lines and takes them apart. */
const reads = "for (const line of require('fs').readFileSync(process.argv[1], 'utf8').split('\\n')) line.split('\\t')"

interface Took {
  readonly seconds: number
  readonly peak: number
}

/** How long a program runs, and the most memory it ever had. */
const timed = (args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const began = performance.now()
    const { child, exited, pid } = yield* measured(args)
    child.disconnect()
    child.stdout?.resume()
    let peak = 0
    const look = yield* Effect.sync(() => (peak = Math.max(peak, residentMemory(pid).peak))).pipe(
      Effect.repeat(Schedule.spaced("20 millis")),
      Effect.forkChild
    )
    const code = yield* exited
    yield* Fiber.interrupt(look)
    if (code !== 0) return yield* Effect.die(new Error(`${args.join(" ")} ended with ${code}`))
    return { seconds: (performance.now() - began) / 1000, peak } satisfies Took
  }).pipe(Effect.scoped)

const figures = (lines: number, results: ReadonlyArray<{ baseline: Took; ours: Took }>, target: Target): Figure => {
  const peak = Math.max(...results.map(({ ours }) => ours.peak))
  return {
    ...valueFigure({ id: `k.${lines}`, what: `replay of ${lines.toLocaleString("en")} lines`, target }, {
      baseline: results.map(({ baseline }) => baseline.seconds),
      ours: results.map(({ ours }) => ours.seconds)
    }, "s"),
    detail: `at most ${peak.toFixed(0)} MB`
  }
}

/** (k) The replay of a chat log, read by the command as shipped. */
export const replay: Benchmark = {
  name: "replay",
  run: Effect.fnUntraced(function*(extent) {
    const { file } = yield* configFile("nats://127.0.0.1:9", "http://127.0.0.1:9/v1", 1, unlimited)
    const sized = Effect.fnUntraced(function*(lines: number, rounds: number, most: number) {
      const log = yield* chatLog(lines)
      const command = timed([bundle, "replay", log, "--config", file])
      const results = yield* alternated(rounds, timed(["-e", reads, log]), command)
      return figures(lines, results, { kind: "at most", value: most })
    })
    if (extent === "short") return [yield* sized(10_000, 1, 1)]
    return [yield* sized(100_000, 1, 3), yield* sized(300_000, 1, 9)]
  }, Effect.scoped)
}
