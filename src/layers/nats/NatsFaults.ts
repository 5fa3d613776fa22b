import { AuthorizationError, PermissionViolationError } from "@nats-io/transport-node"
import { NatsNotSent, NatsRefused, NatsUnreachable } from "../../services/Nats.ts"

/** What the client or the server said of a failure. */
export const detailOf = (cause: unknown): string => cause instanceof Error ? cause.message : "unknown"

/** Whether the server knows better than to let this user. */
const isRefusal = (cause: unknown): boolean =>
  cause instanceof AuthorizationError || cause instanceof PermissionViolationError ||
  (cause instanceof Error && isRefusal(cause.cause))

/** Why there is no connection, or no answer. */
export const unreachable = (cause: unknown): NatsRefused | NatsUnreachable => {
  const detail = detailOf(cause)
  return isRefusal(cause) ? new NatsRefused({ detail }) : new NatsUnreachable({ detail })
}

/** Why a message did not leave. */
export const notSent = (cause: unknown): NatsNotSent => new NatsNotSent({ detail: detailOf(cause) })
