import { assert, describe, it } from "@effect/vitest"
import { HashMap, Option, Schema } from "effect"
import { ChannelSnapshot, restoreChannel, snapshotChannel } from "../../src/domain/ChannelSnapshot.ts"
import { type ChannelState, emptyChannel, followPrivateWindows, windowOf } from "../../src/domain/ChannelState.ts"
import type { Presence } from "../../src/domain/ChatEvent.ts"
import { appendLine } from "../../src/domain/ContextWindow.ts"
import { channelKey, EntryKey, EventKey, userKey, Username } from "../../src/domain/Ids.ts"
import { type AdmissionRequest, noUserLimits } from "../../src/domain/limits/LimitState.ts"
import { admit, confirm, cooldownRemaining, remaining, sendDelay } from "../../src/domain/limits/RateLimit.ts"
import { countLine, freshPace, paceDelay } from "../../src/domain/limits/FloodControl.ts"
import { applyPresence } from "../../src/domain/Presence.ts"
import { RateLimits } from "../../src/domain/settings/LimitSettings.ts"
import { awaySince, type Restart } from "../../src/domain/state/Restart.ts"
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

/** A channel in which a line was answered at 10,000 on the monotonic clock; and another answer is under way. */
const busyChannel = (): ChannelState => {
  const state = busyChannelSent()
  const [, underWay] = admit(
    { channel: state.limits, users: noUserLimits },
    { ...request, entryKey: EntryKey.make("keyword") },
    15_000
  )
  state.limits = underWay.channel
  return state
}

/** The same without the answer under way. */
const busyChannelSent = (): ChannelState => {
  const state = emptyChannel(channelKey("lobby"))
  appendLine(state.window, line, 50)
  appendLine(state.window, { ...line, bot: true, text: "hello", key: undefined }, 50)
  applyPresence(state.members, { _tag: "AddUser", member: { username: Username.make("Ana"), rank: 2 } })
  appendLine(windowOf(state, userKey("Ana")), { ...line, text: "psst" }, 50)
  state.media = { type: "yt", id: "abc", title: "A film", seconds: 90 }
  state.mediaChangedAt = 9_000
  noteEvent(state.seen, key, 9_500)
  state.unlucky.set("keyword ana", 3)
  const [sent, held] = admit({ channel: state.limits, users: noUserLimits }, request, 10_000)
  assert(sent._tag === "Admitted")
  state.limits = confirm(held, sent.reservation, 10_000).channel
  for (const at of [10_000, 10_000, 10_000]) state.pace = countLine(state.pace, at)
  return state
}

const before = { wall: 1_012_000, monotonic: 12_000 }
/** In a process whose monotonic clock began elsewhere. */
const later = { wall: 1_015_000, monotonic: 700_000_000 }
const threeSeconds = { now: later, awayMs: 3_000 }
const hour = 3_600_000

const Text = Schema.fromJsonString(ChannelSnapshot)
const snapshotOf = (state: ChannelState) => snapshotChannel(state, 50, before.monotonic)
const restoredFrom = (state: ChannelState, restart: Restart, maxAgeMs = hour): ChannelState => {
  const text = Schema.encodeSync(Text)(snapshotOf(state))
  return restoreChannel(state.key, Schema.decodeSync(Text)(text), restart, maxAgeMs)
}
const moved = (): ChannelState => restoredFrom(busyChannel(), threeSeconds)
const away = (awayMs: number): ChannelState =>
  restoredFrom(busyChannel(), { now: { wall: before.wall + awayMs, monotonic: later.monotonic }, awayMs })

describe("a channel that another process takes up", () => {
  it("remembers its conversations, those of accounts in private, and what plays", () => {
    const { media, mediaChangedAt, members, privateWindows, window } = moved()
    const own = { ...line, bot: true, text: "hello", key: undefined }
    assert.deepStrictEqual(window, { lines: [line, own], replies: ["hello"] })
    assert.deepStrictEqual([...privateWindows.keys()], [userKey("Ana")])
    assert.isTrue(privateWindows.get(userKey("Ana"))?.registered)
    assert.strictEqual(media?.title, "A film")
    assert.strictEqual(mediaChangedAt, later.monotonic - 6_000)
    assert.strictEqual(members.size, 0)
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

  it("is the same snapshot again at the same moment", () => {
    const same = restoredFrom(busyChannel(), { now: before, awayMs: 0 })
    assert.deepStrictEqual(snapshotOf(same), snapshotOf(busyChannel()))
  })

  it("of which nothing is known is empty", () => {
    const empty = emptyChannel(channelKey("lobby"))
    assert.deepStrictEqual({ ...restoredFrom(empty, { now: before, awayMs: 0 }), limits: empty.limits }, empty)
  })

  it("that was away for two hours has nothing that has expired", () => {
    const { limits: state, media, privateWindows, seen, window } = away(2 * hour)
    assert.deepStrictEqual(window.lines, [])
    assert.strictEqual(privateWindows.size, 0)
    assert.strictEqual(HashMap.size(state.windows), 0)
    assert.strictEqual(media, undefined)
    assert.strictEqual(seen.size, 0)
  })

  it.each([
    ["a minute, the film is on", 59_000, "A film"],
    ["longer than the film", 92_000, undefined]
  ])("that was away for %s", (_, awayMs, title) => assert.strictEqual(away(awayMs).media?.title, title))

  it("keeps so many lines of a conversation as matter", () => {
    const state = busyChannel()
    for (let index = 0; index < 90; index++) appendLine(state.window, { ...line, text: `${index}` }, 50)
    assert.deepStrictEqual(
      snapshotChannel(state, 50, before.monotonic).window.lines.map(({ text }) => text).at(0),
      "40"
    )
  })
})

describe("a guest's private conversation", () => {
  const guest = (rank: number | undefined): ChannelState => {
    const state = emptyChannel(channelKey("lobby"))
    const username = Username.make("Bob")
    if (rank !== undefined) applyPresence(state.members, { _tag: "AddUser", member: { username, rank } })
    appendLine(windowOf(state, userKey("Bob")), { ...line, text: "psst" }, 50)
    return state
  }
  const bob = Username.make("Bob")
  it.each([
    ["is not saved", 0, 0],
    ["is not saved of one whose rank is unknown", undefined, 0],
    ["is saved of an account", 1, 1]
  ])("%s", (_, rank, count) => assert.lengthOf(snapshotOf(guest(rank)).privateWindows, count))

  it.each<readonly [string, number | undefined, Presence, number]>([
    ["ends when he leaves", 0, { _tag: "UserLeave", username: bob }, 0],
    ["ends when one of unknown rank leaves", undefined, { _tag: "UserLeave", username: bob }, 0],
    ["goes on for an account that leaves", 1, { _tag: "UserLeave", username: bob }, 1],
    ["goes on when somebody else leaves", 0, { _tag: "UserLeave", username: Username.make("Ana") }, 1],
    ["ends when another takes the name", 0, { _tag: "AddUser", member: { username: bob, rank: 0 } }, 0],
    ["is an account's when it joins", undefined, { _tag: "AddUser", member: { username: bob, rank: 1 } }, 1],
    ["ends when the list lacks him", 0, { _tag: "UserList", members: [], unreadable: 0 }, 0],
    ["goes on when the list has him", 0, { _tag: "UserList", members: [{ username: bob, rank: 0 }], unreadable: 0 }, 1],
    ["goes on for an account that the list lacks", 2, { _tag: "UserList", members: [], unreadable: 0 }, 1],
    ["goes on when a rank changes", 0, { _tag: "SetUserRank", member: { username: bob, rank: 0 } }, 1]
  ])("%s", (_, rank, presence, count) => {
    const state = guest(rank)
    followPrivateWindows(state, presence)
    assert.strictEqual(state.privateWindows.size, count)
  })
})

describe("a clock that is set while the bot is away", () => {
  const Step = Schema.Int.check(Schema.isBetween({ minimum: -100 * hour, maximum: 100 * hour }))
  const Away = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 * hour }))
  const boot = "one start of the machine"
  const restart = (away: number, step: number, sameStart: boolean): Restart => {
    const savedAt = { wall: before.wall, uptime: { boot, ms: 5_000 } }
    const now = { wall: before.wall + away + step, monotonic: later.monotonic }
    const uptime = sameStart ? { boot, ms: 5_000 + away } : { boot: "another", ms: 7 }
    return { now, awayMs: awaySince(savedAt, { wall: now.wall, uptime }) }
  }
  const left = (state: ChannelState, now: number) => [
    remaining(state.limits, limits, now),
    cooldownRemaining(state.limits, request, now),
    sendDelay(state.limits, limits, now),
    paceDelay(state.pace, now)
  ]

  it.prop("changes no limit and no cooldown while the machine runs", [Away, Step], ([away, step]) => {
    const state = restoredFrom(busyChannel(), restart(away, step, true))
    assert.deepStrictEqual(left(state, later.monotonic), left(busyChannelSent(), before.monotonic + away))
  })

  it.prop("set back, locks no limit for longer than it would have been", [Away, Step], ([away, step]) => {
    const state = restoredFrom(busyChannel(), restart(away, -Math.abs(step) - away, false))
    assert.deepStrictEqual(left(state, later.monotonic), left(busyChannelSent(), before.monotonic))
    assert.deepStrictEqual(left(state, later.monotonic + 2 * hour), left(emptyChannel(state.key), 0))
  })

  it.prop("is right where it was not set, on another machine too", [Away], ([away]) => {
    const state = restoredFrom(busyChannel(), restart(away, 0, false))
    assert.deepStrictEqual(left(state, later.monotonic), left(busyChannelSent(), before.monotonic + away))
  })
})
