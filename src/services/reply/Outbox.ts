import { Context, Effect, Layer, Option, Result } from "effect"
import { type Delivery, type Outcome, skipped } from "../../domain/decision/Decision.ts"
import { EarlierDelivery } from "../state/EarlierDelivery.ts"
import { Nats, type NatsSendError } from "../Nats.ts"
import { count } from "../telemetry/Metrics.ts"
import { monotonicMillis } from "../Time.ts"
import { ConnectionGate } from "./ConnectionGate.ts"
import { DeliveryTracker, echoWithinMs } from "./DeliveryTracker.ts"
import { LineSender } from "./LineSender.ts"
import { type ReplyJob, timeLeft } from "./ReplyJob.ts"
import {
  type ReplyDelivery,
  replyDelivery,
  type ReplyLine,
  type ResendCause,
  type SentLine,
  type Unsent,
  unsentOutcome
} from "./ReplyLine.ts"
import { SendTime } from "./SendTime.ts"

/** A line without a deadline is sent again for so long, ms: later its answer has no place in the talk. */
const longestWatchMs = 60_000

/** How a line ended that came to the gate. */
type GateEnd = "overflow" | "away"

/** The way out of a ready reply: not while NATS or the bridge is away, in order, and seen through (F4, F7, F8). */
export class Outbox extends Context.Service<Outbox, {
  /**
   * Sends the lines, paced, and says how it ended; once a line begins to leave it is seen through. What follows the
   * first is left unsaid when the room moves on: other media began, another reply of the conversation is ready, or the
   * deadline passed. What the room is known not to have shown is sent again, once, within the deadline.
   */
  readonly send: (job: ReplyJob, lines: ReadonlyArray<string>) => Effect.Effect<Outcome, NatsSendError>
}>()("llm-bot/Outbox") {
  static readonly layerNoDeps = Layer.effect(
    Outbox,
    Effect.gen(function*() {
      const nats = yield* Nats
      const gate = yield* ConnectionGate
      const sender = yield* LineSender
      const deliveries = yield* DeliveryTracker
      const sendTime = yield* SendTime
      const scope = yield* Effect.scope
      const once = yield* EarlierDelivery

      // The replies that are ready, bounded by those in flight.
      const ready = new Set<ReplyJob>()
      const isNextReady = ({ conversation }: ReplyJob): boolean =>
        [...ready].filter((other) =>
          other.conversation.channel === conversation.channel && other.conversation.with === conversation.with
        ).length > 1

      /** A reply that waited and is dropped all the same is counted. */
      const countDrop = (outcome: Outcome): Effect.Effect<Outcome> =>
        outcome._tag === "Skipped" && outcome.reason !== "dry_run"
          ? Effect.as(count("outboxDropped", { reason: outcome.reason }), outcome)
          : Effect.succeed(outcome)

      /** Through the gate and out, in the order in which replies got ready; `waited` for NATS or not. */
      const leave = Effect.fnUntraced(function*(job: ReplyJob, line: ReplyLine) {
        const ticket = yield* gate.ticket
        let waited = false
        for (;;) {
          const began = yield* monotonicMillis
          const passed = yield* gate.pass(ticket, timeLeft(job, began))
          if (passed === "overflow") return { end: "overflow" satisfies GateEnd, waited } as const
          if (passed !== "open") {
            const ended = yield* sendTime.afterGate(job.decision.correlationId)
            // By the time alone: NATS and the deadline may come at once.
            if (Option.exists(timeLeft(job, ended), (left) => left <= 0)) {
              return { end: "away" satisfies GateEnd, waited } as const
            }
            if (passed === "deadline") continue
            job.decision.step({ _tag: "Waited", for: "connection", ms: ended - began })
            waited = true
          }
          const sent = yield* Effect.result(sender.send(job, line))
          if (Result.isSuccess(sent)) return { end: sent.success, waited } as const
          // Lost between the gate and the server, nothing left: back to the gate.
          const lost = sent.failure._tag === "NatsNotSent" && !(yield* nats.connected)
          if (!lost) return yield* sent.failure
        }
      })

      /** Sends again, once, what the room did not show: what became of the line in the end. */
      const sendAgain = Effect.fnUntraced(
        function*(job: ReplyJob, line: ReplyLine, first: SentLine, cause: ResendCause) {
          const unseen: Delivery = cause === "rejoin"
            ? { _tag: "Unconfirmed" }
            : { _tag: "Unconfirmed", cause }
          const obsolete = () => deliveries.isSeen(first.echo) ? "seen" as const : undefined
          const left = yield* Effect.option(leave(job, { ...line, again: cause, obsolete }))
          deliveries.drop(first.echo)
          const end = Option.getOrUndefined(left)?.end
          const afterMs = (yield* monotonicMillis) - first.at
          if (end === "seen") return { _tag: "Delivered", afterMs } satisfies Delivery
          if (typeof end !== "object" || end._tag === "DryLine") return unseen
          const fate = yield* deliveries.fate(end.echo, echoWithinMs)
          deliveries.drop(end.echo)
          if (fate._tag === "Seen") return { _tag: "Delivered", afterMs: fate.at - first.at } satisfies Delivery
          return fate._tag === "Unconfirmed" && fate.cause !== undefined
            ? { _tag: "Unconfirmed", cause: fate.cause } satisfies Delivery
            : unseen
        }
      )

      /** Sees a line through that left: told when it is seen, refused or not seen, and again when it was sent again. */
      const follow = Effect.fnUntraced(
        function*(job: ReplyJob, line: ReplyLine, sent: SentLine, tell: (delivery: Delivery) => void) {
          const fate = yield* deliveries.fate(sent.echo, echoWithinMs)
          if (fate._tag === "Seen") return tell({ _tag: "Delivered", afterMs: fate.at - sent.at })
          if (fate._tag === "NotShown") return tell(yield* sendAgain(job, line, sent, fate.cause))
          tell({ _tag: "Unconfirmed", ...(fate.cause === undefined ? {} : { cause: fate.cause }) })
          if (fate.cause !== undefined || once) return
          // It may turn out later that the room never had it: when the bridge joins again and the history lacks it.
          const left = Option.getOrElse(timeLeft(job, yield* monotonicMillis), () => longestWatchMs)
          const later = yield* deliveries.fate(sent.echo, Math.max(0, left))
          if (later._tag === "NotShown") tell(yield* sendAgain(job, line, sent, later.cause))
        },
        (watching, _job, _line, sent) => Effect.ensuring(watching, Effect.sync(() => deliveries.drop(sent.echo)))
      )

      // Its decision closes before it is amended.
      const track = (job: ReplyJob, line: ReplyLine, sent: SentLine, delivery: ReplyDelivery): Effect.Effect<void> =>
        Effect.asVoid(Effect.forkIn(follow(job, line, sent, delivery.line()), scope))

      const sendFirst = Effect.fnUntraced(function*(job: ReplyJob, line: ReplyLine, delivery: ReplyDelivery) {
        const { end, waited } = yield* leave(job, line)
        switch (end) {
          case "overflow":
            return yield* countDrop(skipped("outbox_full"))
          case "away":
            return yield* countDrop(skipped("deadline", { waitedFor: "connection" }))
        }
        if (typeof end === "string") {
          const outcome = unsentOutcome(end)
          return waited || end === "no_bridge" ? yield* countDrop(outcome) : outcome
        }
        if (end._tag === "DryLine") return skipped("dry_run")
        yield* track(job, line, end, delivery)
        return { _tag: "Replied", afterMs: end.at - job.decision.arrivedAt.monotonic } satisfies Outcome
      })

      const unsaid = (end: Unsent): "bridge" | Exclude<Unsent, "no_bridge" | "seen"> => {
        switch (end) {
          case "no_bridge":
            return "bridge"
          case "seen":
            return "newer_reply"
          default:
            return end
        }
      }

      const sendRest = Effect.fnUntraced(
        function*(job: ReplyJob, lines: ReadonlyArray<string>, delivery: ReplyDelivery) {
          const obsolete = () => isNextReady(job) ? "newer_reply" as const : undefined
          for (let index = 1; index < lines.length; index++) {
            const line: ReplyLine = { text: lines[index] ?? "", index, said: lines.slice(0, index), obsolete }
            const sent = yield* Effect.result(sender.send(job, line))
            const end = Result.isFailure(sent) ? "connection" : sent.success
            if (typeof end === "object") {
              if (end._tag === "SentLine") yield* track(job, line, end, delivery)
              continue
            }
            const reason = end === "connection" ? end : unsaid(end)
            return job.decision.step({ _tag: "Unsaid", lines: lines.length - index, reason })
          }
        }
      )

      const send = (job: ReplyJob, lines: ReadonlyArray<string>): Effect.Effect<Outcome, NatsSendError> =>
        Effect.suspend(() => {
          const delivery = replyDelivery((result) => job.decision.deliver(result))
          ready.add(job)
          return sendFirst(job, { text: lines[0] ?? "", index: 0, said: [] }, delivery).pipe(
            Effect.tap((outcome) =>
              outcome._tag === "Skipped" && outcome.reason !== "dry_run"
                ? Effect.void
                : sendRest(job, lines, delivery)
            ),
            Effect.ensuring(Effect.sync(() => {
              ready.delete(job)
              delivery.end()
            }))
          )
        })

      return Outbox.of({ send })
    })
  )
}
