import { JetStreamApiError } from "@nats-io/jetstream"
import { PermissionViolationError } from "@nats-io/transport-node"
import { Effect, Schema } from "effect"
import { JetStreamFault } from "../../domain/jetstream/JetStreamFault.ts"
import { detailOf } from "../nats/NatsFaults.ts"

/** A request of JetStream's that failed, before it is known what that means. */
class ApiFailure extends Schema.TaggedError<ApiFailure>()("ApiFailure", { cause: Schema.Defect() }) {
  override get message() {
    return detailOf(this.cause)
  }
}

/** Tries a request. */
export const attempt = <A>(request: () => Promise<A>): Effect.Effect<A, ApiFailure> =>
  Effect.tryPromise({ try: request, catch: (cause) => new ApiFailure({ cause }) })

/** The subject that the server does not let this user publish, if that is the cause. */
export const refusedSubject = (cause: unknown): string | undefined => {
  if (cause instanceof PermissionViolationError) return cause.subject
  return cause instanceof Error && cause.cause !== undefined ? refusedSubject(cause.cause) : undefined
}

/** Whether nobody answers for JetStream, or it answers that it is off. */
export const isOff = (cause: unknown): boolean =>
  (cause instanceof JetStreamApiError && cause.status === 503) ||
  (cause instanceof Error && cause.name === "JetStreamNotEnabled")

/** JetStream's code for an error of its API. */
export const codeOf = (cause: unknown): number | undefined =>
  cause instanceof JetStreamApiError ? cause.code : undefined

/** The codes of JetStream's API that are told apart. */
export const codes = {
  consumerNotFound: 10014,
  insufficientResources: 10023,
  notEnabledForAccount: 10039,
  streamNameInUse: 10058,
  streamNotFound: 10059,
  subjectsOverlap: 10065,
  noStorage: 10047,
  copiesNotSupported: 10074,
  noPeers: 10005,
  wrongLastSequence: 10071,
  limitReached: 10077,
  consumerExists: 10148
} as const

/** The fault behind an error of JetStream's API about a stream. */
export const faultOf = (about: string, cause: unknown): JetStreamFault => {
  const refused = refusedSubject(cause)
  if (refused !== undefined) return new JetStreamFault({ reason: "permission", about: refused, detail: "publish" })
  const detail = detailOf(cause)
  if (isOff(cause)) return new JetStreamFault({ reason: "disabled", about, detail })
  switch (codeOf(cause)) {
    case undefined:
      return new JetStreamFault({ reason: "unreachable", about, detail })
    case codes.notEnabledForAccount:
      return new JetStreamFault({ reason: "disabled", about, detail })
    case codes.noStorage:
    case codes.insufficientResources:
      return new JetStreamFault({ reason: "storage", about, detail })
    case codes.copiesNotSupported:
    case codes.noPeers:
      return new JetStreamFault({ reason: "copies", about, detail })
    default:
      return new JetStreamFault({ reason: "refused", about, detail })
  }
}
