import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import { channelKey, EntryKey, userKey } from "../../../src/domain/Ids.ts"
import type { AdmissionRequest } from "../../../src/domain/limits/LimitState.ts"
import { RateLimits } from "../../../src/domain/settings/LimitSettings.ts"
import { TriggerEntry } from "../../../src/domain/triggers/TriggerEntry.ts"
import { admit, confirm, emptyLimiter, type LimiterState } from "../../support/Limiter.ts"
import { freshPace } from "../../../src/domain/limits/FloodControl.ts"

const limitsOf = Schema.decodeUnknownSync(RateLimits)
const entryOf = Schema.decodeUnknownSync(TriggerEntry)

/** The shipped figures, but for what would only spread the same replies over more minutes. */
const shipped = limitsOf({
  max_per_user_per_minute: null,
  max_per_channel_per_minute: null,
  global_cooldown_seconds: 0
})

const asks = (user: string, type: "mention" | "pm", limits: typeof shipped): AdmissionRequest => ({
  channel: channelKey("lobby"),
  user: Option.some(userKey(user)),
  entryKey: EntryKey.make(type),
  entry: entryOf({ type }),
  channelLimits: limits,
  userLimits: limits,
  maxConcurrent: 10,
  pace: freshPace,
  deadlineMs: Number.POSITIVE_INFINITY
})

/** Everybody asks again and again within one hour: how many replies each got. */
const greedy = (people: ReadonlyArray<string>, type: "mention" | "pm", limits = shipped) => {
  let state: LimiterState = emptyLimiter
  const replies = new Map(people.map((name) => [name, 0]))
  for (let round = 0; round < 60; round++) {
    for (const [place, name] of people.entries()) {
      const at = round * 50_000 + place
      const [result, after] = admit(state, asks(name, type, limits), at)
      state = result._tag === "Admitted" ? confirm(after, result.reservation, at) : after
      if (result._tag === "Admitted") replies.set(name, (replies.get(name) ?? 0) + 1)
    }
  }
  return { state, replies: [...replies.values()] }
}

const sum = (numbers: ReadonlyArray<number>): number => numbers.reduce((all, one) => all + one, 0)
const crowd = (size: number): ReadonlyArray<string> => Array.from({ length: size }, (_, index) => `Fan${index}`)

describe("a channel's hour of 30 lines, with the shipped limits,", () => {
  const rows: ReadonlyArray<readonly [people: number, type: "mention" | "pm", total: number]> = [
    [1, "mention", 10],
    [2, "mention", 16],
    [3, "mention", 19],
    [5, "mention", 25],
    [10, "mention", 27],
    [40, "mention", 30],
    [1, "pm", 10],
    [3, "pm", 15],
    [40, "pm", 15]
  ]
  it.each(rows)("%i greedy people by %s have %i of it at the most", (people, type, total) => {
    assert.isAtMost(sum(greedy(crowd(people), type).replies), total)
  })

  it.each([1, 2, 3, 4])("leaves something for a newcomer beside %i greedy people", (people) => {
    const { state } = greedy(crowd(people), "mention")
    assert.strictEqual(admit(state, asks("Newcomer", "mention", shipped), 3_500_000)[0]._tag, "Admitted")
  })

  it("is used up where many people share it: nothing is held back for nobody", () => {
    assert.strictEqual(sum(greedy(crowd(40), "mention").replies), 30)
  })

  it("is not shared out where the operator wants none of it", () => {
    const free = limitsOf({
      max_user_share: null,
      max_private_share: null,
      max_per_user_per_minute: null,
      max_per_user_per_hour: null,
      max_per_channel_per_minute: null,
      global_cooldown_seconds: 0
    })
    assert.strictEqual(sum(greedy(crowd(1), "pm", free).replies), 30)
  })
})

const Crowd = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 }))
const Share = Schema.Literals([0, 0.1, 0.25, 0.5, 0.75, 1])
const Hour = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60 }))

describe("fair shares", () => {
  it.prop("never let one person have more than the share of what was left, nor more than the hour", [
    Crowd,
    Share,
    Hour
  ], ([
    people,
    share,
    hour
  ]) => {
    const limits = limitsOf({
      max_user_share: share,
      max_per_channel_per_hour: hour,
      max_per_user_per_minute: null,
      max_per_user_per_hour: null,
      max_per_channel_per_minute: null,
      global_cooldown_seconds: 0
    })
    const { replies } = greedy(crowd(people), "mention", limits)
    assert.isAtMost(sum(replies), hour)
    for (const count of replies) assert.isAtMost(count, Math.max(1, Math.floor(hour * share) + 1))
  })
})
