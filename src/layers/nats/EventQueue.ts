import { Clock, Effect, type Scope } from "effect"
import type { ChannelName } from "../../domain/Ids.ts"
import { makeBacklog } from "../../domain/intake/Backlog.ts"
import { makeLogWriter } from "../../services/telemetry/LogWriter.ts"
import { makeMeter } from "../../services/telemetry/Metrics.ts"
import { monotonicOf } from "../../services/Time.ts"

/** How long events are handled without a break before timers, HTTP and models get their turn. */
const sliceMs = 8
/** The byte budget of waiting events, all channels together: some 100,000 lines. */
const maxWaitingBytes = 32 * 1024 * 1024
/** The overhead of a waiting event besides its body, bytes. */
const overheadBytes = 100

/** A received event to handle. */
export interface QueuedEvent {
  readonly channel: ChannelName
  /** The size of its body. */
  readonly bytes: number
  /** Whether it may be dropped before others. */
  readonly isExpendable: () => boolean
  /** Handles it; must not throw. */
  readonly run: () => void
}

/** Handles events in order of arrival without starving the rest of the program. */
export interface EventQueue {
  readonly offer: (event: QueuedEvent) => void
}

/** Events run at once while the process keeps up; in a flood they wait, bounded in bytes (F1, overload). */
export const makeEventQueue: Effect.Effect<EventQueue, never, Scope.Scope> = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const meter = yield* makeMeter
  const log = yield* makeLogWriter("Intake")
  // When this turn of the event loop began to handle events, monotonic ms.
  let sliceBegan: number | undefined
  let immediate: NodeJS.Immediate | undefined
  let dropped = 0

  const backlog = makeBacklog<QueuedEvent>({
    maxBytes: maxWaitingBytes,
    bytesOf: ({ bytes }) => bytes + overheadBytes,
    isExpendable: ({ isExpendable }) => isExpendable(),
    onDropped: ({ channel }) => {
      if (dropped++ === 0) log("Warn", "Too many events: those that cannot trigger are dropped", { channel })
      meter.count("eventsDropped", { channel })
    }
  })

  const isOver = (): boolean => {
    const now = monotonicOf(clock)
    sliceBegan ??= now
    return now - sliceBegan >= sliceMs
  }

  const drain = (): void => {
    immediate = undefined
    sliceBegan = undefined
    while (!isOver()) {
      const event = backlog.next()
      if (event === undefined) break
      event.run()
    }
    if (backlog.size() > 0) return nextTurn()
    if (dropped > 0) log("Warn", "Events come no faster than they are handled again", { dropped })
    dropped = 0
  }

  const nextTurn = (): void => {
    immediate ??= setImmediate(drain)
  }

  yield* Effect.addFinalizer(() => Effect.sync(() => clearImmediate(immediate)))
  return {
    offer: (event) => {
      const waits = backlog.size() > 0 || isOver()
      if (waits) backlog.add(event)
      nextTurn()
      if (!waits) event.run()
    }
  }
})
