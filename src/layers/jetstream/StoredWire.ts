import type { JsMsg } from "@nats-io/jetstream"
import type { ClockReading } from "../../domain/ClockReading.ts"
import { publishedSubject } from "../../domain/jetstream/StreamNames.ts"
import type { WireMessage } from "../../domain/wire/Wire.ts"

/** What the server adds to a message that it publishes again. */
const added: ReadonlySet<string> = new Set(["Nats-Stream", "Nats-Subject", "Nats-Sequence", "Nats-Last-Sequence"])

const headersOf = (message: JsMsg): ReadonlyMap<string, string> | undefined => {
  try {
    const entries = message.headers === undefined ? [] : [...message.headers]
    return new Map(entries.filter(([key]) => !added.has(key)).map(([key, [value = ""]]) => [key, value]))
  } catch {
    return undefined
  }
}

/** A stored event as the bridge published it. */
export const wireOf = (message: JsMsg, prefix: string): WireMessage => {
  const headers = headersOf(message)
  return {
    subject: publishedSubject(prefix, message.subject),
    headers: headers ?? new Map(),
    ...(headers === undefined ? { unreadableHeaders: true } : {}),
    body: message.data
  }
}

/** When the stream took a message, on this process's clock. */
export const storedAt = (message: JsMsg, now: ClockReading): ClockReading =>
  momentOf(Math.floor(message.info.timestampNanos / 1e6), now)

/** A moment of the past, epoch ms, on this process's clock. */
export const momentOf = (wall: number, now: ClockReading): ClockReading => {
  const passed = Math.max(0, now.wall - wall)
  return { wall: now.wall - passed, monotonic: now.monotonic - passed }
}
