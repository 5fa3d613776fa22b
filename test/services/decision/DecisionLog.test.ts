import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Metric, References, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { DecisionRecord } from "../../../src/domain/decision/Decision.ts"
import { quietRecord, unmetEntries } from "../../../src/domain/decision/QuietDecision.ts"
import { channelKey, ChannelName, CorrelationId, EntryKey, Username } from "../../../src/domain/Ids.ts"
import { type DecisionListener, DecisionListeners } from "../../../src/services/decision/DecisionListener.ts"
import { DecisionLog, type QuietOpening } from "../../../src/services/decision/DecisionLog.ts"
import { decisionLogLines } from "../../../src/services/decision/DecisionLogLines.ts"
import { decisionMetrics } from "../../../src/services/decision/DecisionMetrics.ts"
import { ChannelStates } from "../../../src/services/state/ChannelStates.ts"
import { LogThreshold } from "../../../src/services/telemetry/LogWriter.ts"
import { readClock } from "../../../src/services/Time.ts"

const lobby = ChannelName.make("Lobby")
const unmet = unmetEntries([
  { entry: EntryKey.make("mention"), result: { _tag: "NoMatch" } },
  { entry: EntryKey.make("keyword"), result: { _tag: "Disabled" } },
  { entry: EntryKey.make("keyword 2"), result: { _tag: "NoMatch" } }
])

/** A line that nobody answers, 3 ms after it arrived. */
const quietLine = Effect.fnUntraced(function*(logContent = false) {
  const log = yield* DecisionLog
  const arrivedAt = yield* readClock
  yield* TestClock.adjust(3)
  const opening: QuietOpening = {
    correlationId: CorrelationId.make("line-1"),
    channel: lobby,
    eventType: "chatMsg",
    username: Username.make("Ana"),
    rank: 1,
    arrivedAt,
    message: undefined,
    line: "popcorn",
    logContent
  }
  log.closeQuiet(opening, { lines: 7, unmet })
  const { correlationId, eventType, rank, username } = opening
  const figures = {
    correlationId,
    channel: lobby,
    eventType,
    username,
    rank,
    arrivedAt: arrivedAt.wall,
    lines: 7,
    at: 3
  }
  return quietRecord({ ...figures, tests: unmet.tests })
})

const logOf = (listeners: ReadonlyArray<Effect.Effect<DecisionListener>>) =>
  DecisionLog.layerNoDeps.pipe(
    Layer.provide(DecisionListeners.layer(listeners)),
    Layer.provide(ChannelStates.layer)
  )

/** The same listener, told of every step. */
const inFull = (listener: Effect.Effect<DecisionListener>): Effect.Effect<DecisionListener> =>
  Effect.map(listener, ({ quiet: _figures, ...rest }) => rest)

const recent = Effect.flatMap(DecisionLog, (log) => log.recent(channelKey(lobby)))

describe("the decision about a line that meets no trigger's condition", () => {
  it.effect("is kept as if it had been taken down step by step", () =>
    Effect.gen(function*() {
      const record = yield* quietLine()
      assert.deepStrictEqual(yield* recent, [record])
    }).pipe(Effect.provide(logOf([]))))

  it.effect("is told in full to listeners that want that, and to no others", () => {
    const told: Array<string> = []
    const records: Array<DecisionRecord> = []
    const listener: DecisionListener = {
      opened: () => void told.push("opened"),
      step: (_, { _tag }) => void told.push(_tag),
      closed: ({ record }, { _tag }) => {
        told.push(_tag)
        records.push(record)
      }
    }
    const content: DecisionListener = { ...listener, quiet: () => true }
    return Effect.gen(function*() {
      const record = yield* quietLine()
      assert.deepStrictEqual(told, ["opened", "Context", "Trigger", "Trigger", "Trigger", "Skipped"])
      assert.deepStrictEqual(records, [record])
      assert.deepStrictEqual(yield* recent, [record])
    }).pipe(Effect.provide(logOf([Effect.succeed(listener), Effect.succeed(content)])))
  })

  it.effect("keeps its text where texts may be kept", () =>
    Effect.gen(function*() {
      const record = yield* quietLine(true)
      assert.deepStrictEqual(yield* recent, [{ ...record, content: { line: "popcorn" } }])
    }).pipe(Effect.provide(logOf([]))))

  it.effect("reaches who reads along", () =>
    Effect.gen(function*() {
      const log = yield* DecisionLog
      const closed = yield* log.changes.pipe(Stream.take(1), Stream.runCollect, Effect.forkChild)
      const grown = yield* log.progress.pipe(Stream.take(4), Stream.runCollect, Effect.forkChild)
      yield* TestClock.adjust(1)
      const record = yield* quietLine()
      assert.deepStrictEqual(yield* Fiber.join(closed), [record])
      assert.deepStrictEqual((yield* Fiber.join(grown)).map(({ steps }) => steps.length), [1, 2, 3, 4])
    }).pipe(Effect.provide(logOf([]))))

  it.effect("counts as it does step by step", () => {
    const counted = (listener: Effect.Effect<DecisionListener>) =>
      Effect.gen(function*() {
        for (let line = 0; line < 5; line++) yield* quietLine()
        return (yield* Metric.snapshot).map(({ attributes, id, state }) => ({ id, attributes, state }))
      }).pipe(
        Effect.provide(Layer.fresh(logOf([listener]))),
        Effect.provideService(Metric.MetricRegistry, new Map())
      )
    return Effect.gen(function*() {
      const counts = yield* counted(decisionMetrics)
      assert.lengthOf(counts, 3)
      assert.deepStrictEqual(counts, yield* counted(inFull(decisionMetrics)))
    })
  })

  for (const level of ["Debug", "Info", "Warn"] as const) {
    it.effect(`is logged at ${level} as it is step by step`, () => {
      const logged = (listener: Effect.Effect<DecisionListener>) => {
        const lines: Array<unknown> = []
        const logger = Logger.make<unknown, void>(({ fiber, logLevel, message }) =>
          void lines.push([logLevel, message, fiber.getRef(References.CurrentLogAnnotations)])
        )
        return Effect.gen(function*() {
          for (let line = 0; line < 90; line++) yield* quietLine()
          return lines
        }).pipe(
          Effect.provide(Layer.fresh(logOf([listener]))),
          Effect.provide([
            Logger.layer([logger]),
            Layer.succeed(References.MinimumLogLevel, "Debug"),
            Layer.succeed(LogThreshold, () => level)
          ])
        )
      }
      return Effect.gen(function*() {
        const lines = yield* logged(decisionLogLines)
        assert.strictEqual(lines.length > 0, level !== "Warn")
        assert.deepStrictEqual(lines, yield* logged(inFull(decisionLogLines)))
      })
    })
  }
})
