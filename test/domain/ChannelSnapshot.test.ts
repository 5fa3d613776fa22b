import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import { ChannelSnapshot, restoreChannel, snapshotChannel } from "../../src/domain/ChannelSnapshot.ts"
import { type ChannelState, emptyChannel, windowOf } from "../../src/domain/ChannelState.ts"
import { appendLine } from "../../src/domain/ContextWindow.ts"
import { keepRecord } from "../../src/domain/decision/DecisionRing.ts"
import { lastDecisions } from "../../src/domain/decision/KeptDecisions.ts"
import { channelKey, ChannelName, CorrelationId, EntryKey, EventKey, userKey, Username } from "../../src/domain/Ids.ts"
import { type AdmissionRequest, noUserLimits } from "../../src/domain/limits/LimitState.ts"
import { admit, confirm, cooldownRemaining, remaining, sendDelay } from "../../src/domain/limits/RateLimit.ts"
import { countLine, freshPace, paceDelay } from "../../src/domain/limits/FloodControl.ts"
import { applyPresence } from "../../src/domain/Presence.ts"
import { RateLimits } from "../../src/domain/settings/LimitSettings.ts"
import { noteEvent } from "../../src/domain/triggers/Deduplication.ts"
import { TriggerEntry } from "../../src/domain/triggers/TriggerEntry.ts"
import { unluckyDraws } from "../../src/domain/triggers/UnluckyDraws.ts"

const limits = Schema.decodeSync(RateLimits)({ global_cooldown_seconds: 5 })
const request: AdmissionRequest = {
  channel: channelKey("lobby"),
  user: Option.some(userKey("Ana")),
  entryKey: EntryKey.make("mention"),
  entry: Schema.decodeSync(TriggerEntry)({ type: "mention", cooldown_seconds: 60 }),
  channelLimits: limits,
  userLimits: limits,
  maxConcurrent: 10,
  pace: freshPace,
  deadlineMs: Infinity
}
const key = EventKey.make(2 ** 53 - 1)
const line = { username: Username.make("Ana"), text: "hi", time: 1_000_000, bot: false, key }

/** A channel in which a line was answered at 10,000 on the monotonic clock, and another answer is under way. */
const busyChannel = (): ChannelState => {
  const state = emptyChannel(channelKey("lobby"))
  appendLine(state.window, line, 50)
  appendLine(state.window, { ...line, bot: true, text: "hello", key: undefined }, 50)
  appendLine(windowOf(state, userKey("Ana")), { ...line, text: "psst" }, 50)
  applyPresence(state.members, { _tag: "AddUser", member: { username: Username.make("Ana"), rank: 2 } })
  state.media = { type: "yt", id: "abc", title: "A film", seconds: 90 }
  state.mediaChangedAt = 9_000
  noteEvent(state.seen, key, 9_500)
  state.unlucky.set("keyword ana", 3)
  const [sent, held] = admit({ channel: state.limits, users: noUserLimits }, request, 10_000)
  assert(sent._tag === "Admitted")
  const after = confirm(held, sent.reservation, 10_000)
  const [, underWay] = admit(after, { ...request, entryKey: EntryKey.make("keyword") }, 15_000)
  state.limits = underWay.channel
  for (const at of [10_000, 10_000, 10_000]) state.pace = countLine(state.pace, at)
  keepRecord(state.decisions.closed, {
    correlationId: CorrelationId.make("one"),
    channel: ChannelName.make("Lobby"),
    eventType: "chatMsg",
    arrivedAt: 1_000_000,
    steps: [],
    outcome: { _tag: "Replied", afterMs: 0 }
  })
  return state
}

const before = { wall: 1_012_000, monotonic: 12_000 }
/** Three seconds later, in a process whose monotonic clock began elsewhere. */
const later = { wall: 1_015_000, monotonic: 700_000_000 }

const Text = Schema.fromJsonString(ChannelSnapshot)
const moved = (): ChannelState => {
  const text = Schema.encodeSync(Text)(snapshotChannel(busyChannel(), before))
  return restoreChannel(Schema.decodeSync(Text)(text), later)
}

describe("a channel that moves to another process", () => {
  it("remembers its conversations, its members and what plays", () => {
    const { media, mediaChangedAt, members, privateWindows, window } = moved()
    const own = { ...line, bot: true, text: "hello", key: undefined }
    assert.deepStrictEqual(window, { lines: [line, own], replies: ["hello"] })
    assert.deepStrictEqual([...privateWindows.keys()], [userKey("Ana")])
    assert.strictEqual(members.get(userKey("Ana"))?.rank, 2)
    assert.strictEqual(media?.title, "A film")
    assert.strictEqual(mediaChangedAt, later.monotonic - 6_000)
  })

  it("knows the events it has seen, and its losing draws", () => {
    const { seen, unlucky } = moved()
    assert.isTrue(noteEvent(seen, key, later.monotonic))
    assert.strictEqual(unluckyDraws(unlucky, EntryKey.make("keyword"), userKey("ana")), 3)
  })

  it("keeps what was sent in every window and cooldown, and gives back what was only held", () => {
    const { limits: state, pace } = moved()
    assert.deepStrictEqual(remaining(state, limits, later.monotonic), { channel_per_minute: 4, channel_per_hour: 29 })
    assert.deepStrictEqual(remaining(state, limits, later.monotonic + 55_000), {
      channel_per_minute: 5,
      channel_per_hour: 29
    })
    assert.strictEqual(cooldownRemaining(state, request, later.monotonic), 55_000)
    assert.strictEqual(sendDelay(state, limits, later.monotonic), 0)
    assert.strictEqual(sendDelay(state, limits, later.monotonic - 1_000), 1_000)
    assert.strictEqual(paceDelay(pace, later.monotonic - 4_000), paceDelay(busyChannel().pace, 11_000))
  })

  it("still explains what it decided", () => {
    assert.deepStrictEqual(lastDecisions(moved().decisions).map(({ correlationId }) => correlationId), [
      CorrelationId.make("one")
    ])
  })

  it("is the same snapshot again at the same moment", () => {
    const snapshot = snapshotChannel(busyChannel(), before)
    assert.deepStrictEqual(snapshotChannel(restoreChannel(snapshot, before), before), snapshot)
  })

  it("of which nothing is known is empty", () => {
    const empty = emptyChannel(channelKey("lobby"))
    assert.deepStrictEqual(
      { ...restoreChannel(snapshotChannel(empty, before), before), limits: empty.limits },
      empty
    )
  })
})
