import { createReadStream } from "node:fs"
import { type FileHandle, mkdtemp, open, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Schema, Stream } from "effect"
import type { DecisionRecord } from "../../domain/decision/Decision.ts"
import { replayPage } from "../../domain/replay/ReplayPage.ts"
import { textOf } from "../../domain/replay/ReplayRender.ts"
import { comparableIn, jsonAround, pairsIn, type ReplayFigures, reportTally } from "../../domain/replay/ReplayReport.ts"
import type { ReplayFacts, ReplayWindow } from "../../domain/replay/ReplayRun.ts"
import { timelineTally } from "../../domain/replay/ReplayTimeline.ts"
import { fileFault } from "../config/FileFault.ts"
import { printPart } from "../process/Print.ts"
import type { ReplayedUnder } from "./Replay.ts"
import { replayTemplate } from "./ReplayTemplate.ts"

/** The report cannot be put together. */
export class ReplayOutputError extends Schema.TaggedError<ReplayOutputError>()("ReplayOutputError", {
  folder: Schema.String,
  detail: Schema.String
}) {
  override get message() {
    return `${this.folder}: the decisions cannot be kept there until they are printed (${this.detail}); set TMPDIR to a ` +
      "folder with more room"
  }
}

/** Makes the report of a replay, and prints it at its end. */
export interface ReplayOutput {
  readonly decided: (window: ReplayWindow) => Effect.Effect<void, ReplayOutputError>
  readonly print: (facts: ReadonlyArray<ReplayFacts>) => Effect.Effect<void, ReplayOutputError>
}

/** What a format needs of the decisions, and how it prints them with their figures. `from` is when the log begins. */
interface Rendering {
  readonly decided: ReplayOutput["decided"]
  readonly print: (figures: ReplayFigures, from: number) => Effect.Effect<void, ReplayOutputError>
}

const failed = (cause: unknown): ReplayOutputError =>
  new ReplayOutputError({ folder: tmpdir(), detail: fileFault(cause) })

const attempt = <A>(act: () => Promise<A>): Effect.Effect<A, ReplayOutputError> =>
  Effect.tryPromise({ try: act, catch: failed })

/** A file for the decisions of a run as JSON, until the figures that stand before them are known. */
interface DecisionFile {
  readonly add: (decisions: ReadonlyArray<DecisionRecord>) => Promise<void>
  readonly print: Effect.Effect<void, ReplayOutputError>
}

const decisionFile = (file: string, handle: FileHandle): DecisionFile => {
  let empty = true
  return {
    add: async (decisions) => {
      if (decisions.length === 0) return
      const text = decisions.map((record) => JSON.stringify(record)).join(",")
      await handle.writeFile(empty ? text : `,${text}`)
      empty = false
    },
    print: Stream.fromAsyncIterable(createReadStream(file, "utf8"), (cause) => failed(cause)).pipe(
      Stream.runForEach((part) => printPart(String(part)))
    )
  }
}

/** A folder of its own, gone at the end. */
const folder = Effect.acquireRelease(
  attempt(() => mkdtemp(join(tmpdir(), "llm-bot-replay-"))),
  (name) => Effect.timeoutOption(Effect.promise(() => rm(name, { recursive: true, force: true })), "5 seconds")
)

const opened = (file: string) =>
  Effect.map(
    Effect.acquireRelease(
      attempt(() => open(file, "wx", 0o600)),
      (handle) => Effect.timeoutOption(Effect.promise(() => handle.close()), "5 seconds")
    ),
    (handle) => decisionFile(file, handle)
  )

/** JSON: the figures stand before the decisions, and a long log's are not kept in memory. */
const jsonOutput = Effect.gen(function*() {
  const own = yield* folder
  const files = yield* Effect.forEach(["a", "b"], (name) => opened(join(own, name)))
  return {
    decided: (window) =>
      Effect.forEach(
        comparableIn(window),
        (decisions, index) => attempt(async () => files[index]?.add(decisions)),
        { discard: true }
      ),
    print: Effect.fnUntraced(function*(figures: ReplayFigures) {
      const [first = "", ...around] = jsonAround(figures)
      yield* printPart(first)
      for (const [index, text] of around.entries()) {
        yield* files[index]?.print ?? Effect.void
        yield* printPart(text)
      }
    })
  } satisfies Rendering
})

const textOutput: Rendering = {
  decided: () => Effect.void,
  print: (figures) => printPart(textOf(figures))
}

const htmlOutput = (runs: ReadonlyArray<ReplayedUnder>): Rendering => {
  const timeline = timelineTally(runs[0]?.botNames ?? [], runs.length > 1)
  return {
    decided: (window) =>
      Effect.sync(() => {
        for (const pair of pairsIn(window)) timeline.add(pair)
      }),
    print: (figures, from) => printPart(replayPage(replayTemplate(), figures, timeline.result(from)))
  }
}

/** The report of a replay in a format, held against the live run where there is one: made while the replay goes on, printed at its end. */
export const replayOutput = Effect.fnUntraced(function*(format: "text" | "json" | "html", recorded: boolean) {
  const json = format === "json" ? yield* jsonOutput : undefined
  return (runs: ReadonlyArray<ReplayedUnder>): ReplayOutput => {
    const report = reportTally(runs, recorded)
    const rendering = json ?? (format === "html" ? htmlOutput(runs) : textOutput)
    return {
      decided: (window) => Effect.andThen(Effect.sync(() => report.add(window)), rendering.decided(window)),
      print: (facts) => rendering.print(report.result(facts), facts[0]?.from ?? 0)
    }
  }
})
