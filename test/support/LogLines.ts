import { Array, Context, Effect, Layer, Logger, References } from "effect"

/** One line of the log. */
export interface LogLine {
  readonly level: string
  readonly message: string
  readonly annotations: Readonly<Record<string, unknown>>
}

/** Keeps what is logged instead of printing it. */
export class LogLines extends Context.Service<LogLines, {
  readonly all: Effect.Effect<ReadonlyArray<LogLine>>
}>()("test/LogLines") {
  static readonly layer: Layer.Layer<LogLines> = Layer.unwrap(Effect.sync(() => {
    const lines: Array<LogLine> = []
    const collect = Logger.make((options: Logger.Options<unknown>): void => {
      lines.push({
        level: options.logLevel,
        message: Array.ensure(options.message).map(String).join("; "),
        annotations: options.fiber.getRef(References.CurrentLogAnnotations)
      })
    })
    return Layer.merge(
      Logger.layer([collect]),
      Layer.succeed(LogLines, { all: Effect.sync(() => [...lines]) })
    )
  }))
}
