import type { JsMsg } from "@nats-io/jetstream"

/** As many acknowledged events are remembered: more than can be on their way at once. */
const keptDone = 4_096

/** The events of a consumer that were delivered here, until they are acknowledged. */
export interface Deliveries {
  /** Takes a delivery; false for one of an event that is under way here, or was handled here. */
  readonly begin: (message: JsMsg) => boolean
  readonly ack: (sequence: number) => void
  /** Deliver it again, after so many ms. */
  readonly nak: (sequence: number, delayMs?: number) => void
  /** Never deliver it again: it cannot be handled. */
  readonly term: (sequence: number) => void
  /** Everything that is under way is in progress. */
  readonly working: () => void
  /** The consumer is gone: sequences begin anew, and nothing of it may be acknowledged. */
  readonly abandon: () => void
}

/** Tracks the deliveries of one consumer. An acknowledgement that got lost brings an event again, which was handled. */
export const makeDeliveries = (): Deliveries => {
  // At most `max_ack_pending`.
  const underWay = new Map<number, JsMsg>()
  const done = new Set<number>()
  const end = (sequence: number): JsMsg | undefined => {
    const message = underWay.get(sequence)
    underWay.delete(sequence)
    return message
  }
  const finish = (sequence: number): JsMsg | undefined => {
    const message = end(sequence)
    if (message === undefined) return undefined
    done.add(sequence)
    const [oldest] = done
    if (done.size > keptDone && oldest !== undefined) done.delete(oldest)
    return message
  }
  return {
    begin: (message) => {
      const { seq } = message
      if (done.has(seq)) {
        message.ack()
        return false
      }
      const isNew = !underWay.has(seq)
      // The latest delivery is the one to acknowledge.
      underWay.set(seq, message)
      return isNew
    },
    ack: (sequence) => finish(sequence)?.ack(),
    nak: (sequence, delayMs) => end(sequence)?.nak(delayMs),
    term: (sequence) => finish(sequence)?.term(),
    working: () => {
      for (const message of underWay.values()) message.working()
    },
    abandon: () => {
      underWay.clear()
      done.clear()
    }
  }
}
