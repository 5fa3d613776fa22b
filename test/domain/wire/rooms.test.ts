import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Predicate, Result, Schema } from "effect"
import { parse } from "yaml"
import type { ChatEvent, Refusal } from "../../../src/domain/ChatEvent.ts"
import { ChannelName } from "../../../src/domain/Ids.ts"
import { decodeEvent } from "../../../src/domain/wire/Wire.ts"
import { type Captured, isEvent, loadCapture } from "../../support/Capture.ts"

const folder = join(import.meta.dirname, "../../fixtures/rooms")
const names = readdirSync(folder).filter((file) => file.endsWith(".jsonl")).map((file) => file.replace(/\.jsonl$/, ""))

const Numbers = Schema.optionalKey(Schema.Finite)
const Expected = Schema.Record(
  Schema.String,
  Schema.Struct({
    shows: Schema.String,
    lines: Numbers,
    own: Numbers,
    server: Numbers,
    shadow: Numbers,
    pms: Numbers,
    films: Numbers,
    came: Numbers,
    lists: Schema.optionalKey(Schema.Array(Schema.Finite)),
    refusals: Schema.optionalKey(Schema.Array(Schema.String))
  })
)
const expected = Schema.decodeUnknownSync(Expected)(parse(readFileSync(join(folder, "expected.yaml"), "utf8")))

/** The event of a message; a message that cannot be decoded fails the test. */
const eventOf = ({ payload, subject, ts }: Captured): ChatEvent => {
  const channel = Predicate.hasProperty(payload, "channel") ? String(payload.channel) : "TestChan"
  const message = { subject, headers: new Map<string, string>(), body: Buffer.from(JSON.stringify(payload)) }
  const room = { name: ChannelName.make(channel), domain: "cytube.test" }
  const decoded = decodeEvent(message, room, ts * 1000)
  return Result.getOrThrowWith(decoded, ({ constraint, field }) => new Error(`${subject}: ${field}: ${constraint}`))
    .event
}

const count = (events: ReadonlyArray<ChatEvent>, is: (event: ChatEvent) => boolean): number => events.filter(is).length

/** What was understood of a capture. */
const understood = (events: ReadonlyArray<ChatEvent>) => {
  const spoken = (is: (name: string, shadow: boolean) => boolean): number =>
    count(events, (event) => event._tag === "ChatMsg" && is(event.username, event.shadow))
  const isServer = (name: string): boolean => name.startsWith("[")
  const isOwn = (name: string): boolean => /kryten/i.test(name)
  return {
    lines: spoken((name, shadow) => !shadow && !isServer(name) && !isOwn(name)),
    own: spoken((name, shadow) => !shadow && isOwn(name)),
    server: spoken((name) => isServer(name)),
    shadow: spoken((_, shadow) => shadow),
    pms: count(events, ({ _tag }) => _tag === "Pm"),
    films: count(events, ({ _tag }) => _tag === "ChangeMedia"),
    came: count(events, ({ _tag }) => _tag === "AddUser"),
    lists: events.flatMap((event) => event._tag === "UserList" ? [event.members.length] : []),
    refusals: events.filter((event): event is Refusal => event._tag === "Refusal").map(({ kind }) => kind)
  }
}

const nothing = { lines: 0, own: 0, server: 0, shadow: 0, pms: 0, films: 0, came: 0, lists: [], refusals: [] }

describe("a real room, as it travelled on the bus", () => {
  it("every capture has its expectation", () => assert.sameMembers(Object.keys(expected), names))

  it.effect.each(names)("%s", (name) =>
    Effect.gen(function*() {
      const capture = (yield* loadCapture(`rooms/${name}`)).filter(isEvent)
      const events = capture.filter(({ subject }) => subject.includes(".events.")).map(eventOf)
      const { shows: _shows, ...wanted } = expected[name] ?? assert.fail(`no expectation for ${name}`)
      assert.deepStrictEqual(understood(events), { ...nothing, ...wanted })
    }))
})
