import { Context, Effect, Layer, Option, Semaphore } from "effect"
import type { ChannelState } from "../../domain/ChannelState.ts"
import { countLine, paceDelay } from "../../domain/limits/FloodControl.ts"
import { ChannelStates } from "../state/ChannelStates.ts"
import { ContextStore } from "../state/ContextStore.ts"
import { RateLimiter } from "../limits/RateLimiter.ts"
import { Nats, type NatsSendError } from "../Nats.ts"
import { tracedSend } from "../telemetry/TracedSend.ts"
import { monotonicMillis, sleepFully } from "../Time.ts"
import { DeliveryTracker } from "./DeliveryTracker.ts"
import { DryRun } from "./DryRun.ts"
import { makeLineEncoder } from "./LineEncoder.ts"
import { type ReplyJob, timeLeft } from "./ReplyJob.ts"
import type { ReplyLine, SentLine, Unsent } from "./ReplyLine.ts"
import { SendTime } from "./SendTime.ts"

/** How long until a line that nobody heard is tried again: soon at first, as a bridge is back within seconds. */
const retryFirstMs = 250
const retryMostMs = 1_000

/** Nothing is published, so nobody hears. */
interface DryLine {
  readonly _tag: "DryLine"
}

/** Sends the lines of a channel one at a time: not too soon after the last one, not too late, until somebody hears. */
export class LineSender extends Context.Service<LineSender, {
  /**
   * Waits for the channel's turn, the global cooldown and the pace, then sends unless it is too late. A line that nobody
   * heard did not leave: it is tried again until its deadline.
   */
  readonly send: (job: ReplyJob, line: ReplyLine) => Effect.Effect<SentLine | DryLine | Unsent, NatsSendError>
}>()("llm-bot/LineSender") {
  static readonly layerNoDeps = Layer.effect(
    LineSender,
    Effect.gen(function*() {
      const nats = yield* Nats
      const encode = yield* makeLineEncoder
      const limiter = yield* RateLimiter
      const store = yield* ContextStore
      const deliveries = yield* DeliveryTracker
      const states = yield* ChannelStates
      const sendTime = yield* SendTime
      // A channel's lines leave one at a time, in the order in which they are ready; it goes with the channel's state.
      const turns = new WeakMap<ChannelState, Semaphore.Semaphore>()

      const turnOf = (state: ChannelState): Semaphore.Semaphore => {
        const turn = turns.get(state) ?? Semaphore.makeUnsafe(1)
        turns.set(state, turn)
        return turn
      }

      /** The line left, or may have left: it counts in every limit and in the pace. */
      const stamp = (sentAt: number, { channel, reservation }: ReplyJob): void => {
        const state = states.of(channel.key)
        state.pace = countLine(state.pace, sentAt)
        limiter.confirm(reservation, sentAt)
      }

      /** What is known once the line has left: it stands in the context and in the decision. */
      const note = (sentAt: number, { channel, conversation, decision, to }: ReplyJob, line: ReplyLine): void => {
        const { again, index, said, text } = line
        if (again !== undefined) return decision.step({ _tag: "Resent", cause: again })
        const time = decision.arrivedAt.wall + sentAt - decision.arrivedAt.monotonic
        const { username } = channel.bot
        store.append(conversation, { username, text, time, bot: true, key: undefined }, channel.context)
        decision.content({ reply: [...said, text].join("\n") })
        decision.step({
          _tag: "Sent",
          target: to === undefined ? "chat" : "pm",
          characters: text.length,
          ...(index === 0 ? {} : { line: index + 1 })
        })
      }

      /** None when nobody heard it. */
      const publish = Effect.fnUntraced(function*(job: ReplyJob, line: ReplyLine) {
        const { command, template } = yield* encode(job, line)
        const echo = yield* deliveries.expect(job.conversation, line.text)
        const { at, heard } = yield* tracedSend(template, nats.publish)(command).pipe(
          // Without the server's word it may have arrived all the same: it counts, and it is not sent again.
          Effect.tapErrorTag(
            "NatsUnconfirmed",
            ({ at }) => Effect.map(monotonicMillis, (now) => stamp(at ?? now, job))
          ),
          Effect.onError(() => Effect.sync(() => deliveries.drop(echo)))
        )
        if (!heard) {
          deliveries.drop(echo)
          return Option.none<SentLine>()
        }
        stamp(at, job)
        note(at, job, line)
        return Option.some<SentLine>({ _tag: "SentLine", at, echo })
      }, Effect.uninterruptible)

      /** Why a ready line must not be sent any more, if so: too late, or other media began meanwhile (F7). */
      const lateness = (job: ReplyJob, line: ReplyLine, waitMs: number, now: number): Unsent | undefined => {
        const obsolete = line.obsolete?.()
        if (obsolete === "seen") return obsolete
        if (job.to === undefined && states.of(job.channel.key).muted) return "muted"
        if (Option.exists(timeLeft(job, now), (left) => left < waitMs)) return "deadline"
        const rule = job.channel.response.drop_after_media_change
        const changedAt = store.mediaChangedAt(job.channel.key)
        const changed = changedAt !== undefined && changedAt > job.decision.arrivedAt.monotonic
        const drops = rule === "always" || (rule === "unprompted" && (job.unprompted || line.index > 0))
        return changed && drops ? "media_changed" : obsolete
      }

      /** What a line has to wait for now, and how long. */
      const delay = ({ channel }: ReplyJob, index: number, now: number) => {
        // The lines of a reply are one to the global cooldown.
        const cooldownMs = index > 0 ? 0 : limiter.sendDelay(channel.key, channel.rateLimits, now)
        const pacingMs = paceDelay(states.of(channel.key).pace, now)
        return cooldownMs >= pacingMs
          ? { for: "global_cooldown", ms: cooldownMs } as const
          : { for: "pacing", ms: pacingMs } as const
      }

      /** How long until somebody may be there to hear, but not past the deadline. */
      const retryDelay = (job: ReplyJob, attempt: number, now: number): number =>
        Math.min(
          retryFirstMs * 2 ** attempt,
          retryMostMs,
          Option.getOrElse(timeLeft(job, now), () => Number.POSITIVE_INFINITY) + 1
        )

      const takeTurn = Effect.fnUntraced(function*(job: ReplyJob, line: ReplyLine) {
        const { decision } = job
        let unheardSince: number | undefined
        const noteBridge = (now: number): void => {
          if (unheardSince !== undefined) decision.step({ _tag: "Waited", for: "bridge", ms: now - unheardSince })
        }
        // Looked at again until nothing is left to wait for.
        for (let attempt = 0;;) {
          const now = yield* sendTime.next(decision.correlationId)
          const wait = delay(job, line.index, now)
          const late = lateness(job, line, wait.ms, now)
          if (late !== undefined) {
            noteBridge(now)
            return late === "deadline" && unheardSince !== undefined ? "no_bridge" : late
          }
          if (wait.ms > 0) {
            yield* sleepFully(Math.ceil(wait.ms))
            decision.step({ _tag: "Waited", ...wait })
            continue
          }
          if (yield* DryRun) {
            stamp(now, job)
            return { _tag: "DryLine" } satisfies DryLine
          }
          const sent = yield* publish(job, line)
          if (Option.isSome(sent)) {
            noteBridge(sent.value.at)
            return sent.value
          }
          unheardSince ??= now
          yield* sleepFully(retryDelay(job, attempt++, now))
        }
      })

      return LineSender.of({
        send: (job, line) => turnOf(states.of(job.channel.key)).withPermit(takeTurn(job, line))
      })
    })
  )
}
