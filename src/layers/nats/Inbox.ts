import { createInbox, type Msg, type MsgHdrs, type NatsConnection, type Subscription } from "@nats-io/transport-node"
import { Effect, type Scope } from "effect"

/** The headers of a message, which the client parses lazily; `unreadable` when malformed. */
export const headersIn = (message: Msg): MsgHdrs | "unreadable" | undefined => {
  try {
    return message.headers
  } catch {
    return "unreadable"
  }
}

/** Whether an answer is the server's "no responders". */
export const saysNobodyListens = (message: Msg): boolean => {
  const headers = headersIn(message)
  return message.data.byteLength === 0 && headers !== undefined && headers !== "unreadable" && headers.code === 503
}

/** The inbox of answers. */
export interface Inbox {
  /** A reply subject of one request, until the scope closes. The handler must not throw. */
  readonly open: (onAnswer: (message: Msg) => void) => Effect.Effect<string, never, Scope.Scope>
}

/**
 * One subscription for the answers to every question. The client's own would read an answer's headers unguarded, and one
 * that is malformed would end its read loop.
 */
export const makeInbox = (connection: NatsConnection): Inbox => {
  const prefix = createInbox()
  // One for each request in progress.
  const waiting = new Map<string, (message: Msg) => void>()
  let subscription: Subscription | undefined
  let questions = 0

  const listen = (): void => {
    // A refusal ends as silence, which proves nothing; the next request tries again.
    subscription ??= connection.subscribe(`${prefix}.*`, {
      callback: (error, message) => {
        if (error === null) waiting.get(message.subject)?.(message)
        else subscription = undefined
      }
    })
  }

  return {
    open: (onAnswer) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          listen()
          const subject = `${prefix}.${++questions}`
          waiting.set(subject, onAnswer)
          return subject
        }),
        (subject) => Effect.sync(() => waiting.delete(subject))
      )
  }
}
