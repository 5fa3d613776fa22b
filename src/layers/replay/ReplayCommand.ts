import { basename } from "node:path"
import process from "node:process"
import { Effect, Logger, Option, Schema } from "effect"
import { renderReplay } from "../../domain/replay/ReplayRender.ts"
import { countText } from "../../domain/replay/ReplayWords.ts"
import { Settings } from "../../domain/settings/Settings.ts"
import * as ConfigFile from "../config/ConfigFile.ts"
import { UsageError } from "../process/Exit.ts"
import { print, printError } from "../process/Print.ts"
import { askedModel } from "./AskedModel.ts"
import { replay, type ReplaySetup } from "./Replay.ts"
import { readLog, type ReplayLog } from "./ReplayLog.ts"
import { replayTemplate } from "./ReplayTemplate.ts"

/** The options of `llm-bot replay`. */
export interface ReplayOptions {
  readonly log: string
  /** Absent: the configuration of the recording. */
  readonly config: Option.Option<string>
  readonly against: Option.Option<string>
  /** Ask the configuration's model where the log holds no answer, and for every reply of a capture. */
  readonly llm: boolean
  readonly format: "text" | "json" | "html"
}

const decodeSettings = Schema.decodeUnknownOption(Settings)

/** The configuration the bot had when it was recorded. */
const recordedSettings = (log: ReplayLog): Option.Option<Settings> => {
  const entry = log.lines.find(({ entry }) => entry.kind === "config")?.entry
  return entry?.kind === "config" ? decodeSettings(entry.settings) : Option.none()
}

const configured = Effect.fnUntraced(function*(file: Option.Option<string>, log: ReplayLog) {
  if (Option.isSome(file)) {
    const { settings } = yield* ConfigFile.load(file.value)
    return { config: basename(file.value), settings }
  }
  const recorded = recordedSettings(log)
  return Option.isSome(recorded)
    ? { config: "the recording's own configuration", settings: recorded.value }
    : yield* new UsageError({ message: `${log.name} holds no configuration: name one with --config FILE` })
})

const write = (text: string): Effect.Effect<void> =>
  Effect.callback<void>((resume) => void process.stderr.write(text, () => resume(Effect.void)))

/** Shorter logs need no progress report. */
const longLog = 10_000

/** The progress through a long log: on a terminal continuously, elsewhere each quarter. */
const progressOf = (config: string): ReplaySetup["progress"] => {
  const terminal = process.stderr.isTTY
  let reported = 0
  return (done, total) => {
    const quarter = Math.floor((done / total) * 4)
    if (total < longLog || (!terminal && quarter === reported)) return Effect.void
    reported = quarter
    const text = `${config}: ${countText(done)} of ${countText(total)} lines`
    return write(terminal ? `\r${text}${done === total ? "\n" : ""}` : `${text}\n`)
  }
}

const run = Effect.fnUntraced(function*(file: Option.Option<string>, log: ReplayLog, llm: boolean) {
  const setup = yield* configured(file, log)
  const asked = llm ? yield* askedModel(setup.settings) : undefined
  return yield* replay(log, { ...setup, asked, progress: progressOf(setup.config) })
})

/** `llm-bot replay`: a log through the same pipeline, under one configuration or two compared (OPERATIONS, replay). */
export const replayLog = (options: ReplayOptions) =>
  Effect.gen(function*() {
    const log = yield* readLog(options.log)
    const first = yield* run(options.config, log, options.llm)
    const runs = Option.isSome(options.against)
      ? [first, yield* run(options.against, log, options.llm)] as const
      : [first] as const
    const text = options.format === "html"
      ? renderReplay({ runs, format: "html", template: replayTemplate() })
      : renderReplay({ runs, format: options.format })
    yield* print(text.replace(/\n$/, ""))
  }).pipe(
    Effect.scoped,
    Effect.provide(Logger.layer([])),
    Effect.tapError(({ message }) => printError(message))
  )
