import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Result, Schema, SubscriptionRef } from "effect"
import { SecureRandom } from "effect/crypto"
import { TestClock } from "effect/testing"
import { stringify } from "yaml"
import { activate } from "../../../src/domain/ChannelSettings.ts"
import type { ChatEvent } from "../../../src/domain/ChatEvent.ts"
import { parseSettings } from "../../../src/domain/settings/SettingsFile.ts"
import { Protocol } from "../../../src/domain/wire/protocols/Protocol.ts"
import { BridgeSightings } from "../../../src/services/bridge/BridgeSightings.ts"
import { ChannelStates } from "../../../src/services/state/ChannelStates.ts"
import * as IntakeCore from "../../../src/layers/nats/IntakeCore.ts"
import * as NatsMemory from "../../../src/layers/nats/NatsMemory.ts"
import { deliveryOf, momentOf } from "../../../src/layers/replay/LogEvent.ts"
import { BotConfig } from "../../../src/services/BotConfig.ts"
import { type Arrival, Intake } from "../../../src/services/Intake.ts"
import { Nats } from "../../../src/services/Nats.ts"
import { makePseudonyms } from "../../../src/services/replay/Pseudonyms.ts"
import * as Recorded from "../../../src/services/replay/Recorded.ts"
import { Recorder } from "../../../src/services/replay/Recorder.ts"
import { type RecordingEntry, RecordingLine } from "../../../src/services/replay/Recording.ts"
import { bare, bodyOf, type Captured, isEvent, loadCapture } from "../../support/Capture.ts"

type RecordedEvent = Extract<RecordingEntry, { readonly kind: "event" }>

const encode = Schema.encodeSync(RecordingLine)
const decode = Schema.decodeSync(RecordingLine)

/** A capture's events in the words of a protocol; the plain shape is what the legacy bridge has in its envelopes. */
const captureOf = (protocol: Protocol) =>
  protocol === "cytube"
    ? Effect.map(
      Effect.all([loadCapture("plain"), loadCapture("kryten-legacy")]),
      ([seed, legacy]) => [...seed, ...legacy.map(bare)]
    )
    : loadCapture(protocol)

const settingsFor = (protocol: Protocol) =>
  Result.getOrThrow(parseSettings(
    stringify({
      nats: { servers: ["nats://memory"], protocol },
      channels: [{ name: "TestChan", domain: "cytube.test" }],
      bot: { username: "KrytenBot" },
      llm_api: { base_url: "http://127.0.0.1:9/v1", api_key: "none", model: "m" }
    }),
    {}
  )).settings

/** Sends messages to a room that is recorded: what the bot took, each with what was written of it and read again. */
const recorded = Effect.fnUntraced(function*(protocol: Protocol, messages: ReadonlyArray<Captured>) {
  const active = activate(settingsFor(protocol))
  const written: Array<RecordingEntry> = []
  const append = (entry: RecordingEntry) => Effect.sync(() => void written.push(decode(encode(entry))))
  const config = Layer.effect(BotConfig, Effect.map(SubscriptionRef.make(active), BotConfig.fromRef))
  const services = yield* Layer.build(
    Recorded.intake.pipe(
      Layer.provide(IntakeCore.layer),
      Layer.provide(BridgeSightings.layerNoDeps),
      Layer.provide(ChannelStates.layer),
      Layer.provideMerge(NatsMemory.layer),
      Layer.provide([
        Layer.succeed(Recorder, Recorder.of({ append, remember: () => Effect.void })),
        config,
        SecureRandom.layerWebCrypto
      ])
    )
  )
  const [channel] = [...active.channels.values()]
  assert(channel !== undefined)
  const arrivals: Array<Arrival> = []
  yield* Context.get(services, Intake).open(channel, ({ arrival }) => void arrivals.push(arrival))
  for (const message of messages) {
    yield* TestClock.setTime(Math.round(message.ts * 1000))
    yield* Context.get(services, Nats).publish({
      subject: message.subject,
      headers: new Map(Object.entries(message.headers ?? {})),
      body: bodyOf(message),
      request: false
    })
  }
  const events = written.filter((entry): entry is RecordedEvent => entry.kind === "event")
  assert.lengthOf(events, arrivals.length)
  return { active, taken: arrivals.map((arrival, index) => ({ arrival, entry: events[index] })) }
})

type Recordings = Effect.Success<ReturnType<typeof recorded>>

/** What a replay takes of a recorded event. */
const again = (entry: RecordedEvent | undefined, { active }: Recordings): Arrival => {
  assert(entry !== undefined)
  const began = momentOf(entry.since)
  return Result.getOrThrow(deliveryOf({ line: 1, entry }, momentOf(entry), began, active)).arrival
}

/** An event but for who it is about, and what was made of that. */
const withoutPeople = (event: ChatEvent): object => {
  switch (event._tag) {
    case "ChatMsg":
      return { ...event, username: "", key: 0, text: event.text.length > 0 }
    case "Pm":
      return { ...event, username: "", to: "", key: 0, text: event.text.length > 0 }
    case "UserList":
      return { ...event, members: event.members.map(({ rank }) => rank) }
    case "AddUser":
    case "SetUserRank":
      return { ...event, member: event.member.rank }
    case "UserLeave":
    case "SetUserMeta":
    case "Login":
      return { ...event, username: "" }
    case "ChangeMedia":
    case "Refusal":
    case "ChannelOpts":
    case "Other":
      return event
  }
}

describe("a recorded event", () => {
  for (const protocol of Protocol.literals) {
    it.effect(`${protocol}: holds what came, and the replay takes the very same`, () =>
      Effect.gen(function*() {
        const capture = (yield* captureOf(protocol)).filter(isEvent)
        const recordings = yield* recorded(protocol, capture)
        assert.isAbove(recordings.taken.length, 10)
        for (const { arrival, entry } of recordings.taken) {
          const { message: _trace, raw, ...taken } = arrival
          assert.strictEqual(entry?.subject, raw?.subject)
          assert.deepStrictEqual(entry?.headers, Object.fromEntries(raw?.headers ?? []))
          assert.deepStrictEqual(entry?.payload, JSON.parse(new TextDecoder().decode(raw?.body)))
          assert.deepInclude(again(entry, recordings), taken)
        }
      }).pipe(Effect.scoped))

    it.effect(`${protocol}: with invented names it is the same event of invented people`, () =>
      Effect.gen(function*() {
        const recordings = yield* recorded(protocol, (yield* captureOf(protocol)).filter(isEvent))
        const pseudonyms = makePseudonyms()
        pseudonyms.take({ kind: "config", ts: 1, mono: 1, settings: settingsFor(protocol) })
        const entries = recordings.taken.flatMap(({ entry }) => entry === undefined ? [] : [entry])
        const [, ...renamedEntries] = [...entries.flatMap(pseudonyms.take), ...pseudonyms.rest()]
        assert.strictEqual(renamedEntries.length, recordings.taken.length)
        for (const [index, { arrival }] of recordings.taken.entries()) {
          const renamed = renamedEntries[index]
          assert(renamed?.kind === "event")
          assert.notMatch(encode(renamed), /"(?:profile|aliases|ip|image)":/)
          const { event } = again(renamed, recordings)
          assert.deepStrictEqual(withoutPeople(event), withoutPeople(arrival.event))
        }
      }).pipe(Effect.scoped))
  }

  it.effect("that nests deeper than JSON can be written is recorded all the same", () =>
    Effect.gen(function*() {
      const raw = `{"user":{"name":"Ana"},"msg":"deep","time":1795348770000,"meta":${"[".repeat(20_000)}${
        "]".repeat(20_000)
      }}`
      const deep = { ts: 1_795_348_800, subject: "cytube.events.testchan.chatMsg", headers: null, line: 1, raw }
      const recordings = yield* recorded("cytube", [deep])
      const [{ arrival, entry } = assert.fail("nothing was taken")] = recordings.taken
      assert.deepStrictEqual(again(entry, recordings).event, arrival.event)
    }).pipe(Effect.scoped))
})
