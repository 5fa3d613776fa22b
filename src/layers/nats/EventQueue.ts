import { Clock, Effect, type Scope } from "effect"
import type { ClockReading } from "../../domain/ClockReading.ts"
import type { ChannelName } from "../../domain/Ids.ts"
import { makeBacklog } from "../../domain/intake/Backlog.ts"
import type { WireMessage } from "../../domain/wire/Wire.ts"
import { makeLogWriter } from "../../services/telemetry/LogWriter.ts"
import { makeMeter } from "../../services/telemetry/Metrics.ts"
import { monotonicOf } from "../../services/Time.ts"

/** How long events are handled without a break before timers, HTTP and models get their turn. */
const sliceMs = 8
/** The byte budget of waiting events, all channels together: some 100,000 lines. */
const maxWaitingBytes = 32 * 1024 * 1024
/** The overhead of a waiting event besides its body, bytes. */
const overheadBytes = 100

/** Whom a channel's events are for. */
export interface EventReceiver {
  readonly channel: ChannelName
  /** Whether an event may be dropped before others. */
  readonly isExpendable: (message: WireMessage, arrivedAt: ClockReading) => boolean
  /** Handles an event; must not throw. */
  readonly handle: (message: WireMessage, arrivedAt: ClockReading) => void
}

/** Handles events in order of arrival without starving the rest of the program. */
export interface EventQueue {
  readonly offer: (receiver: EventReceiver, message: WireMessage, arrivedAt: ClockReading) => void
}

/** An event that waits. */
interface QueuedEvent {
  readonly receiver: EventReceiver
  readonly message: WireMessage
  readonly arrivedAt: ClockReading
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
    bytesOf: ({ message }) => message.body.byteLength + overheadBytes,
    isExpendable: ({ arrivedAt, message, receiver }) => receiver.isExpendable(message, arrivedAt),
    onDropped: ({ receiver: { channel } }) => {
      if (dropped++ === 0) log("Warn", "Too many events: those that cannot trigger are dropped", { channel })
      meter.count("eventsDropped", { channel })
    }
  })

  const isOver = (now: number): boolean => {
    sliceBegan ??= now
    return now - sliceBegan >= sliceMs
  }

  const drain = (): void => {
    immediate = undefined
    sliceBegan = undefined
    while (!isOver(monotonicOf(clock))) {
      const event = backlog.next()
      if (event === undefined) break
      event.receiver.handle(event.message, event.arrivedAt)
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
    offer: (receiver, message, arrivedAt) => {
      const waits = backlog.size() > 0 || isOver(arrivedAt.monotonic)
      if (waits) backlog.add({ receiver, message, arrivedAt })
      nextTurn()
      if (!waits) receiver.handle(message, arrivedAt)
    }
  }
})
