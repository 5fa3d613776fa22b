import { basename } from "node:path"
import process from "node:process"
import { Effect, Logger, Option, Schema } from "effect"
import { countText } from "../../domain/replay/ReplayWords.ts"
import { Settings } from "../../domain/settings/Settings.ts"
import * as ConfigFile from "../config/ConfigFile.ts"
import { UsageError } from "../process/Exit.ts"
import { printError } from "../process/Print.ts"
import { askedModel } from "./AskedModel.ts"
import { hasLive, type ReplayListener, type ReplaySetup, replayTogether } from "./Replay.ts"
import { readLog, type ReplayLog } from "./ReplayLog.ts"
import { type ReplayOutput, replayOutput } from "./ReplayOutput.ts"

/** The options of `llm-bot replay`. */
export interface ReplayOptions {
  /** Several are replayed together. */
  readonly logs: ReadonlyArray<string>
  /** Absent: the configuration of the recording. */
  readonly config: Option.Option<string>
  readonly against: Option.Option<string>
  /** Ask the configuration's model where the log holds no answer, and for every reply of a capture. */
  readonly llm: boolean
  readonly format: "text" | "json" | "html"
}

const decodeSettings = Schema.decodeUnknownOption(Settings)

const configured = Effect.fnUntraced(function*(file: Option.Option<string>, log: ReplayLog) {
  if (Option.isSome(file)) {
    const { settings } = yield* ConfigFile.load(file.value)
    return { config: basename(file.value), settings }
  }
  const recorded = decodeSettings(log.settings)
  return Option.isSome(recorded)
    ? { config: "the recording's own configuration", settings: recorded.value }
    : yield* new UsageError({ message: `${log.name} holds no configuration: name one with --config FILE` })
})

const write = (text: string): Effect.Effect<void> =>
  Effect.callback<void>((resume) => void process.stderr.write(text, () => resume(Effect.void)))

/** Shorter logs need no progress report. */
const longLog = 10_000

/** The progress through a long log: on a terminal continuously, elsewhere each quarter. */
const progressOf = (config: string): ReplayListener<never>["progress"] => {
  const terminal = process.stderr.isTTY
  let reported = 0
  return (done, total) => {
    const quarter = Math.floor((done / total) * 4)
    if (total < longLog || quarter === 0 || (!terminal && quarter === reported)) return Effect.void
    reported = quarter
    const text = `${config}: ${countText(done)} of ${countText(total)} lines`
    return write(terminal ? `\r${text}${done === total ? "\n" : ""}` : `${text}\n`)
  }
}

const setupOf = Effect.fnUntraced(function*(file: Option.Option<string>, log: ReplayLog, llm: boolean) {
  const setup = yield* configured(file, log)
  const asked = llm ? yield* askedModel(setup.settings) : undefined
  return { ...setup, asked } satisfies ReplaySetup
})

/** `llm-bot replay`: a log through the same pipeline, under one configuration or two compared (OPERATIONS, replay). */
export const replayLog = (options: ReplayOptions) =>
  Effect.gen(function*() {
    const log = yield* readLog(...options.logs)
    const first = yield* setupOf(options.config, log, options.llm)
    const setups = Option.isSome(options.against)
      ? [first, yield* setupOf(options.against, log, options.llm)] as const
      : [first] as const
    const output = yield* replayOutput(options.format, hasLive(log))
    const progress = progressOf(setups.map(({ config }) => config).join(" and "))
    let made: ReplayOutput | undefined
    const facts = yield* replayTogether(log, setups, (runs) => {
      made = output(runs)
      return { decided: made.decided, progress }
    })
    if (made !== undefined) yield* made.print(facts)
  }).pipe(
    Effect.scoped,
    Effect.provide(Logger.layer([])),
    Effect.tapError(({ message }) => printError(message))
  )
