import { AuthorizationError, PermissionViolationError } from "@nats-io/transport-node"
import { NatsNotSent, NatsRefused, NatsUnreachable } from "../../services/Nats.ts"

/** The message of a client or server error. */
export const detailOf = (cause: unknown): string => cause instanceof Error ? cause.message : "unknown"

/** Whether the server refuses this user. */
const isRefusal = (cause: unknown): boolean =>
  cause instanceof AuthorizationError || cause instanceof PermissionViolationError ||
  (cause instanceof Error && isRefusal(cause.cause))

/** The error of a failed connection or request. */
export const unreachable = (cause: unknown): NatsRefused | NatsUnreachable => {
  const detail = detailOf(cause)
  return isRefusal(cause) ? new NatsRefused({ detail }) : new NatsUnreachable({ detail })
}

/** The error of a message that was not sent. */
export const notSent = (cause: unknown): NatsNotSent => new NatsNotSent({ detail: detailOf(cause) })
