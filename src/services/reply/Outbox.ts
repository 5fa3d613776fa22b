import { Context, Effect, Layer, Option, Result, Semaphore } from "effect"
import type { ChannelState } from "../../domain/ChannelState.ts"
import { type Outcome, skipped } from "../../domain/decision/Decision.ts"
import { takeToken, tokenDelay } from "../../domain/limits/TokenBucket.ts"
import { ConnectionGate } from "./ConnectionGate.ts"
import { ChannelStates } from "../ChannelStates.ts"
import { ContextStore } from "../ContextStore.ts"
import { makeLineEncoder } from "./LineEncoder.ts"
import { DryRun } from "./DryRun.ts"
import { DeliveryTracker } from "./DeliveryTracker.ts"
import { count } from "../telemetry/Metrics.ts"
import { monotonicMillis } from "../Time.ts"
import { Nats, type NatsSendError } from "../Nats.ts"
import { RateLimiter } from "../limits/RateLimiter.ts"
import { type ReplyJob, timeLeft } from "./ReplyJob.ts"
import { outcomeOf, type ReplyDelivery, replyDelivery, type ReplyLine, type Unsent } from "./ReplyLine.ts"
import { SendTime } from "./SendTime.ts"
import { tracedSend } from "../telemetry/TracedSend.ts"

/** Sends ready lines: not while NATS is disconnected, not too soon after the last one, not too late (F4, F7, F8). */
export class Outbox extends Context.Service<Outbox, {
  /**
   * Sends the lines, paced, and says how it ended; once a line begins to leave it is seen through. What follows the
   * first is left unsaid when the room moves on: other media began, another reply of the conversation is ready, or the
   * deadline passed.
   */
  readonly send: (job: ReplyJob, lines: ReadonlyArray<string>) => Effect.Effect<Outcome, NatsSendError>
}>()("llm-bot/Outbox") {
  static readonly layerNoDeps = Layer.effect(
    Outbox,
    Effect.gen(function*() {
      const nats = yield* Nats
      const encode = yield* makeLineEncoder
      const gate = yield* ConnectionGate
      const limiter = yield* RateLimiter
      const store = yield* ContextStore
      const deliveries = yield* DeliveryTracker
      const states = yield* ChannelStates
      // Lines of a channel are sent one at a time, in the order of readiness; dropped with the channel's state.
      const turns = new WeakMap<ChannelState, Semaphore.Semaphore>()
      const sendTime = yield* SendTime

      const turnOf = (state: ChannelState): Semaphore.Semaphore => {
        const turn = turns.get(state) ?? Semaphore.makeUnsafe(1)
        turns.set(state, turn)
        return turn
      }

      // The replies that are ready, bounded by those in flight.
      const ready = new Set<ReplyJob>()
      const isNextReady = ({ conversation }: ReplyJob): boolean =>
        [...ready].filter((other) =>
          other.conversation.channel === conversation.channel && other.conversation.with === conversation.with
        ).length > 1

      /** The line was sent, or may have been: it counts in every limit and in the pace. */
      const stamp = (sentAt: number, { channel, reservation }: ReplyJob): void => {
        const state = states.of(channel.key)
        state.pace = takeToken(state.pace, sentAt)
        limiter.confirm(reservation, sentAt)
      }

      const publish = Effect.fn("Outbox.publish")(function*(job: ReplyJob, line: ReplyLine, now: number) {
        const { channel, conversation, decision, to } = job
        const { delivery, index, said, text } = line
        if (yield* DryRun) {
          stamp(now, job)
          return skipped("dry_run")
        }
        const stampNow = Effect.map(monotonicMillis, (after) => stamp(after, job))
        const { command, template } = yield* encode(job, line)
        const echo = deliveries.expect(conversation, text)
        const { at: sentAt, heard } = yield* tracedSend(template, nats.publish)(command).pipe(
          // Unconfirmed, it may have arrived all the same: it counts, and it is not sent again.
          Effect.tapErrorTag("NatsUnconfirmed", () => stampNow),
          Effect.onError(() => Effect.sync(() => deliveries.drop(echo)))
        )
        stamp(sentAt, job)
        const time = decision.arrivedAt.wall + sentAt - decision.arrivedAt.monotonic
        const username = channel.bot.username
        store.append(conversation, { username, text, time, bot: true, identity: undefined }, channel.context)
        decision.content({ reply: [...said, text].join("\n") })
        decision.step({
          _tag: "Sent",
          target: to === undefined ? "chat" : "pm",
          characters: text.length,
          ...(index === 0 ? {} : { line: index + 1 })
        })
        yield* deliveries.track(echo, delivery.line(), heard)
        return { _tag: "Replied", afterMs: sentAt - decision.arrivedAt.monotonic } satisfies Outcome
      }, Effect.uninterruptible)

      /** Why a ready line must not be sent, if so: too late, or the media changed meanwhile (F7). */
      const lateness = (job: ReplyJob, index: number, waitMs: number, now: number): Unsent | undefined => {
        if (Option.exists(timeLeft(job, now), (left) => left < waitMs)) return "deadline"
        const rule = job.channel.response.drop_after_media_change
        const changedAt = store.mediaChangedAt(job.channel.key)
        const changed = changedAt !== undefined && changedAt > job.decision.arrivedAt.monotonic
        const drops = rule === "always" || (rule === "unprompted" && (job.unprompted || index > 0))
        if (changed && drops) return "media_changed"
        return index > 0 && isNextReady(job) ? "newer_reply" : undefined
      }

      /** What a line has to wait for now, and how long. */
      const delay = ({ channel }: ReplyJob, index: number, now: number) => {
        // The lines of a reply are one to the global cooldown.
        const cooldownMs = index > 0 ? 0 : limiter.sendDelay(channel.key, channel.rateLimits, now)
        const pacingMs = tokenDelay(states.of(channel.key).pace, now)
        return cooldownMs >= pacingMs
          ? { for: "global_cooldown", ms: cooldownMs } as const
          : { for: "pacing", ms: pacingMs } as const
      }

      /** In the channel's turn: waits for the global cooldown and the pace, then sends unless it is too late. */
      const takeTurn = Effect.fnUntraced(function*(job: ReplyJob, line: ReplyLine) {
        // Timers may fire a little early: check again until there is nothing to wait for.
        for (;;) {
          const now = yield* sendTime.next(job.decision.correlationId)
          const wait = delay(job, line.index, now)
          const late = lateness(job, line.index, wait.ms, now)
          if (late !== undefined) return late
          if (wait.ms === 0) return yield* publish(job, line, now)
          yield* Effect.sleep(Math.ceil(wait.ms))
          job.decision.step({ _tag: "Waited", ...wait })
        }
      })

      const inTurn = (job: ReplyJob, line: ReplyLine) =>
        turnOf(states.of(job.channel.key)).withPermit(takeTurn(job, line))

      /** Counts a reply that waited for NATS and is dropped all the same. */
      const countDrop = (outcome: Outcome): Effect.Effect<Outcome> =>
        outcome._tag === "Skipped" && outcome.reason !== "dry_run"
          ? Effect.as(count("outboxDropped", { reason: outcome.reason }), outcome)
          : Effect.succeed(outcome)

      const sendFirst = Effect.fnUntraced(function*(
        job: ReplyJob,
        line: ReplyLine
      ): Effect.fn.Return<Outcome, NatsSendError> {
        const ticket = yield* gate.ticket
        let waited = false
        for (;;) {
          const began = yield* monotonicMillis
          const passed = yield* gate.pass(ticket, timeLeft(job, began))
          if (passed === "overflow") return yield* countDrop(skipped("outbox_full"))
          if (passed === "deadline") return yield* countDrop(skipped("deadline", { waitedFor: "connection" }))
          if (passed === "opened") {
            const ms = (yield* monotonicMillis) - began
            job.decision.step({ _tag: "Waited", for: "connection", ms })
            waited = true
          }
          const sent = yield* Effect.result(inTurn(job, line))
          if (Result.isSuccess(sent)) {
            const outcome = outcomeOf(sent.success)
            return waited ? yield* countDrop(outcome) : outcome
          }
          // Disconnected between the gate and the server, nothing sent: back to the gate.
          const lost = sent.failure._tag === "NatsNotSent" && !(yield* nats.connected)
          if (!lost) return yield* sent.failure
        }
      })

      const sendRest = Effect.fnUntraced(
        function*(job: ReplyJob, lines: ReadonlyArray<string>, delivery: ReplyDelivery) {
          for (let index = 1; index < lines.length; index++) {
            const line: ReplyLine = { text: lines[index] ?? "", index, said: lines.slice(0, index), delivery }
            const sent = yield* Effect.result(inTurn(job, line))
            const reason = Result.isFailure(sent)
              ? "connection"
              : typeof sent.success === "string"
              ? sent.success
              : undefined
            if (reason === undefined) continue
            return job.decision.step({ _tag: "Unsaid", lines: lines.length - index, reason })
          }
        }
      )

      const send = (job: ReplyJob, lines: ReadonlyArray<string>): Effect.Effect<Outcome, NatsSendError> =>
        Effect.suspend(() => {
          const delivery = replyDelivery((result) => job.decision.deliver(result))
          ready.add(job)
          const first: ReplyLine = { text: lines[0] ?? "", index: 0, said: [], delivery }
          return sendFirst(job, first).pipe(
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
