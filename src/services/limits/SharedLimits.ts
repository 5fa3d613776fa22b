import { Context, Effect } from "effect"
import type { LimitName } from "../../domain/decision/Decision.ts"
import type { CorrelationId, EventIdentity, UserKey } from "../../domain/Ids.ts"
import type { AdmissionRequest } from "../../domain/limits/LimitState.ts"

/** A reply to a person that is about to be made. */
export interface Charge {
  readonly correlationId: CorrelationId
  /** What it answers: the same is charged once, whoever asks. */
  readonly cause: EventIdentity
  readonly user: UserKey
  readonly limits: AdmissionRequest["userLimits"]
}

/** The limit that refuses. */
export interface ChargeRefusal {
  readonly limit: LimitName
  readonly maximum: number
}

/** The limits of people that all replicas keep together. They count admissions, not lines (N2). */
export interface SharedLimiter {
  /** Charges the person; nothing when he may be answered. Where the limits cannot be asked he may not. */
  readonly charge: (charge: Charge) => Effect.Effect<ChargeRefusal | undefined>
  /** Gives back what was charged: there was no reply. */
  readonly giveBack: (cause: EventIdentity) => Effect.Effect<void>
}

/** A process that is alone shares no limits: its own are all there are. */
export const SharedLimits: Context.Reference<SharedLimiter> = Context.Reference("llm-bot/SharedLimits", {
  defaultValue: (): SharedLimiter => ({ charge: () => Effect.undefined, giveBack: () => Effect.void })
})
