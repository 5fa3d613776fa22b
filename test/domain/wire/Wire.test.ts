import { describe, expect, it } from "@effect/vitest"
import { Arbitrary, Option, Result, Schema } from "effect"
import type { ChatEvent } from "../../../src/domain/ChatEvent.ts"
import { identityOf as lineIdentity } from "../../../src/domain/EventIdentity.ts"
import { channelKey, ChannelName, CorrelationId, Username } from "../../../src/domain/Ids.ts"
import type { CommandStamp } from "../../../src/domain/wire/protocols/BridgeProtocol.ts"
import { Protocol } from "../../../src/domain/wire/protocols/Protocol.ts"
import type { Room } from "../../../src/domain/wire/Room.ts"
import {
  decodeEvent,
  encodeCommand,
  maxBodyBytes,
  wireEventType,
  type WireMessage
} from "../../../src/domain/wire/Wire.ts"

const room: Room = { name: ChannelName.make("TestChan"), domain: "cytu.be" }
const now = 1_795_339_200_000
const day = 86_400_000
const utf8 = new TextEncoder()

const message = (
  event: string,
  payload: unknown,
  headers: ReadonlyArray<readonly [string, string]> = []
): WireMessage => ({
  subject: `cytube.events.testchan.${event}`,
  headers: new Map(headers),
  body: utf8.encode(JSON.stringify(payload))
})

const enveloped = (event: string, payload: unknown, more: Readonly<Record<string, unknown>> = {}): WireMessage => ({
  subject: `kryten.events.cytube.testchan.${event.toLowerCase()}`,
  headers: new Map(),
  body: utf8.encode(JSON.stringify({
    event_name: event,
    payload,
    channel: "TestChan",
    domain: "cytu.be",
    timestamp: "2026-11-22T09:20:00.320754+00:00",
    correlation_id: "f84a79e9-d3d6-43e9-8dec-1e486d6d78fe",
    ...more
  }))
})

const decode = (wire: WireMessage) => decodeEvent(wire, room, now)
const eventOf = (wire: WireMessage): ChatEvent => Result.getOrThrow(decode(wire)).event
const failureOf = (wire: WireMessage): string => {
  const decoded = decode(wire)
  return Result.isFailure(decoded) ? `${decoded.failure.reason} ${decoded.failure.field}` : "decoded"
}

const line = { msg: "hello", meta: {}, time: now }

describe("decodeEvent: shapes", () => {
  const media = { _tag: "ChangeMedia", media: { type: "yt", id: "abc", title: "A & B", seconds: 212 } }
  const rows: ReadonlyArray<readonly [what: string, wire: WireMessage, expected: object]> = [
    [
      "chatMsg, the plain shape",
      message("chatMsg", { user: { name: "Bob", rank: 2, profile: {} }, ...line }),
      { _tag: "ChatMsg", username: "Bob", rank: 2, text: "hello", time: now, shadow: false }
    ],
    [
      "chatMsg, the bridge's shape in its envelope",
      enveloped("chatMsg", { username: "Bob", ...line }),
      { _tag: "ChatMsg", username: "Bob", rank: undefined, text: "hello", time: now, shadow: false }
    ],
    ["chatMsg, the bridge's shape bare", message("chatmsg", { username: "Bob", ...line }), { _tag: "ChatMsg" }],
    ["chatMsg, the plain shape in an envelope", enveloped("chatmsg", { user: { name: "Bob", rank: 0 }, ...line }), {
      rank: 0
    }],
    ["chatMsg without meta", message("chatMsg", { username: "Bob", msg: "hello", time: now }), {
      text: "hello",
      shadow: false
    }],
    ["chatMsg with meta null", message("chatMsg", { username: "Bob", ...line, meta: null }), { shadow: false }],
    ["shadow-muted", message("chatMsg", { username: "Bob", ...line, meta: { shadow: true } }), { shadow: true }],
    ["unknown fields are ignored", message("chatMsg", { username: "Bob", ...line, x: [1] }), { text: "hello" }],
    ["markup is dropped", enveloped("chatMsg", { username: "Bob", ...line, msg: "<em>a</em> &lt;b&gt;" }), {
      text: "a <b>"
    }],
    ["a line of nothing is empty, not invalid", message("chatMsg", { username: "Bob", ...line, msg: "<img src=x>" }), {
      text: ""
    }],
    ["a long line is cut", message("chatMsg", { username: "Bob", ...line, msg: "x".repeat(9_000) }), {
      text: "x".repeat(500)
    }],
    ["a rank with a hashToUnit", message("chatMsg", { user: { name: "Bob", rank: 1.5 }, ...line }), { rank: 1.5 }],
    ["controls in a name go", message("chatMsg", { username: " Bob\u0000\n", ...line }), { username: "Bob" }],
    [
      "pm, the plain shape",
      message("pm", { from: { name: "Bob", rank: 1 }, to: { name: "Bot" }, msg: "psst", time: now }),
      { _tag: "Pm", username: "Bob", rank: 1, to: "Bot", text: "psst" }
    ],
    ["pm, the bridge's shape", enveloped("pm", { username: "Bob", to: "Bot", ...line }), {
      _tag: "Pm",
      username: "Bob",
      to: "Bot"
    }],
    [
      "changeMedia, the plain shape",
      message("changeMedia", { title: "A & B", type: "yt", id: "abc", duration: 212, currentTime: 0 }),
      media
    ],
    [
      "changeMedia, the bridge's shape",
      enveloped("changeMedia", {
        id: "abc",
        title: "A & B",
        seconds: 212,
        duration: "03:32",
        type: "yt",
        meta: {},
        currentTime: -3,
        paused: false
      }),
      media
    ],
    ["a title is not HTML", message("changeMedia", { title: "1 < 2 &amp; <b>", type: "yt", id: "a" }), {
      media: { type: "yt", id: "a", title: "1 < 2 &amp; <b>", seconds: 0 }
    }],
    [
      "live media",
      enveloped("changeMedia", { id: "https://x.test/live", title: "Live", seconds: 0, duration: "--:--", type: "hl" }),
      { media: { type: "hl", id: "https://x.test/live", title: "Live", seconds: 0 } }
    ],
    [
      "a length below 0 is none",
      message("changeMedia", { title: "x", type: "yt", id: "a", seconds: -5, duration: -1 }),
      { media: { type: "yt", id: "a", title: "x", seconds: 0 } }
    ],
    ["title and id are cut", message("changeMedia", { title: "t".repeat(300), type: "zz", id: "i".repeat(900) }), {
      media: { type: "zz", id: "i".repeat(500), title: "t".repeat(200), seconds: 0 }
    }],
    [
      "userlist",
      enveloped("userlist", [{ name: "Bot", rank: 3, profile: { image: "", text: "" }, meta: { afk: false } }, {
        name: "Guest",
        rank: 0
      }]),
      { _tag: "UserList", members: [{ username: "Bot", rank: 3 }, { username: "Guest", rank: 0 }] }
    ],
    ["an empty userlist", enveloped("userlist", []), { _tag: "UserList", members: [], unreadable: 0 }],
    [
      "a userlist of which some cannot be read",
      message("userlist", [
        { name: "Bob", rank: 2 },
        { rank: 0 },
        { name: "", rank: 1 },
        { name: "Odd", rank: "high" },
        { name: "Far", rank: 1e9 },
        null,
        7,
        { name: "Zoe" }
      ]),
      { _tag: "UserList", members: [{ username: "Bob", rank: 2 }, { username: "Zoe", rank: 0 }], unreadable: 6 }
    ],
    ["addUser", enveloped("addUser", { name: "Bob", rank: 1, meta: { aliases: ["X"], ip: "1.2" } }), {
      _tag: "AddUser",
      member: { username: "Bob", rank: 1 }
    }],
    ["setUserRank", enveloped("setUserRank", { name: "Bob", rank: 255 }), {
      _tag: "SetUserRank",
      member: { username: "Bob", rank: 255 }
    }],
    ["userLeave", enveloped("userLeave", { name: "Bob" }), { _tag: "UserLeave", username: "Bob" }],
    ["login", enveloped("login", { success: true, name: "Bot" }), { _tag: "Login", success: true, username: "Bot" }],
    ["a failed login names nobody", enveloped("login", { success: false, error: "no" }), {
      _tag: "Login",
      success: false
    }],
    ["cooldown, a number", enveloped("cooldown", 100), { _tag: "Refusal", kind: "cooldown" }],
    ["noflood", enveloped("noflood", { action: "chat", msg: "slow" }), {
      _tag: "Refusal",
      kind: "noflood",
      target: "chat"
    }],
    ["noflood of something else", enveloped("noflood", { action: "voteskip", msg: "slow" }), {
      _tag: "Refusal",
      kind: "noflood"
    }],
    ["noflood in another form", enveloped("noflood", 7), { _tag: "Refusal", kind: "noflood" }],
    ["errorMsg of a private line", enveloped("errorMsg", { msg: "PM failed: ana isn't connected to this channel." }), {
      _tag: "Refusal",
      kind: "errorMsg",
      target: "pm"
    }],
    ["spamFiltered", enveloped("spamFiltered", { reason: "x" }), { _tag: "Refusal", kind: "spamFiltered" }],
    ["errorMsg", enveloped("errorMsg", { msg: "x" }), { _tag: "Refusal", kind: "errorMsg" }],
    ["kick", enveloped("kick", { reason: "x" }), { _tag: "Refusal", kind: "kick" }],
    ["anything else, an object", enveloped("setAFK", { name: "Bob", afk: true }), { _tag: "Other" }],
    ["anything else, null", enveloped("closePoll", null), { _tag: "Other" }],
    ["anything else, a string", enveloped("setMotd", "<b>hi</b>"), { _tag: "Other" }],
    ["anything else, bare", message("usercount", 7), { _tag: "Other" }]
  ]
  it.each(rows)("%s", (_, wire, expected) => {
    expect(eventOf(wire)).toMatchObject(expected)
  })
})

describe("decodeEvent: what is invalid", () => {
  const chat = (fields: object) => message("chatMsg", { username: "Bob", ...line, ...fields })
  const rows: ReadonlyArray<readonly [what: string, wire: WireMessage, failure: string]> = [
    ["no JSON", { ...message("chatMsg", 0), body: utf8.encode("{\"username\":") }, "not_json body"],
    ["nothing", { ...message("chatMsg", 0), body: new Uint8Array() }, "not_json body"],
    [
      "64 KiB is read",
      { ...message("chatMsg", 0), body: utf8.encode(JSON.stringify("x".repeat(maxBodyBytes - 2))) },
      "field payload"
    ],
    [
      "more is not",
      { ...message("chatMsg", 0), body: utf8.encode(JSON.stringify("x".repeat(maxBodyBytes - 1))) },
      "too_large body"
    ],
    ["bytes count, not characters", {
      ...message("chatMsg", 0),
      body: utf8.encode(JSON.stringify("é".repeat(maxBodyBytes / 2)))
    }, "too_large body"],
    [
      "a type of no use is ignored, whatever its size",
      { ...message("emoteList", 0), body: utf8.encode(JSON.stringify("x".repeat(10 * maxBodyBytes))) },
      "decoded"
    ],
    ["and whatever it holds", { ...message("playlist", 0), body: utf8.encode("{not JSON") }, "decoded"],
    [
      "a list of 500 people is read",
      message(
        "userlist",
        Array.from(
          { length: 500 },
          (_, index) => ({ name: `Fan${index}`, rank: 1, profile: { text: "x".repeat(400) } })
        )
      ),
      "decoded"
    ],
    ["headers that cannot be read", { ...chat({}), unreadableHeaders: true }, "headers headers"],
    [
      "another channel's envelope",
      enveloped("chatMsg", { username: "Bob", ...line }, { channel: "Other" }),
      "wrong_channel channel"
    ],
    ["another channel's subject", { ...chat({}), subject: "cytube.events.other.chatMsg" }, "wrong_channel channel"],
    ["a payload of another kind", message("chatMsg", "hello"), "field payload"],
    ["a payload that is null", message("chatMsg", null), "field payload"],
    ["no name", message("chatMsg", line), "field payload.username"],
    ["an empty name", chat({ username: "" }), "field payload.username"],
    ["a name of blanks and controls", chat({ username: " \u0000" }), "field payload.username"],
    ["50 characters are a name", chat({ username: "😀".repeat(50) }), "decoded"],
    ["51 are not", chat({ username: "x".repeat(51) }), "field payload.username"],
    ["a plain user without a name", message("chatMsg", { user: {}, ...line }), "field payload.user.name"],
    ["a rank below 0", message("chatMsg", { user: { name: "Bob", rank: -1 }, ...line }), "field payload.user.rank"],
    ["a rank above 255", message("chatMsg", { user: { name: "Bob", rank: 256 }, ...line }), "field payload.user.rank"],
    ["a msg that is a number", chat({ msg: 5 }), "field payload.msg"],
    ["no msg", message("chatMsg", { username: "Bob", time: now }), "field payload.msg"],
    ["no time", message("chatMsg", { username: "Bob", msg: "x" }), "time payload.time"],
    ["a time that is a string", chat({ time: String(now) }), "time payload.time"],
    ["a time with a fraction", chat({ time: now + 0.5 }), "time payload.time"],
    ["a time of 0", chat({ time: 0 }), "time payload.time"],
    ["a time before 1970", chat({ time: -1 }), "time payload.time"],
    ["a time beyond all bounds", chat({ time: 1e300 }), "time payload.time"],
    ["a time 24 h ahead is taken", chat({ time: now + day }), "decoded"],
    ["a time more than 24 h ahead is not", chat({ time: now + day + 1 }), "time payload.time"],
    ["a pm to nobody", message("pm", { username: "Bob", ...line }), "field payload.to"],
    ["a changeMedia without a type", message("changeMedia", { title: "x", id: "x" }), "field payload.type"],
    ["a login without success", message("login", {}), "field payload.success"]
  ]
  it.each(rows)("%s", (_, wire, failure) => {
    expect(failureOf(wire)).toBe(failure)
  })
})

describe("decodeEvent: time and identity", () => {
  const chat = (fields: object) => eventOf(message("chatMsg", { username: "Bob", ...line, ...fields }))
  const identityOf = (event: ChatEvent): string =>
    event._tag === "ChatMsg" || event._tag === "Pm" ? `${event.key} ${lineIdentity(channelKey("lobby"), event)}` : ""

  it("a time in the future counts as now, but the event stays itself", () => {
    const ahead = message("chatMsg", { username: "Bob", ...line, time: now + 5_000 })
    expect(eventOf(ahead)).toMatchObject({ time: now })
    const later = Result.getOrThrow(decodeEvent(ahead, room, now + 1_000)).event
    expect(identityOf(later)).toBe(identityOf(eventOf(ahead)))
  })

  it("is the same event by channel, type, name in any case, time and decoded text", () => {
    const first = identityOf(chat({}))
    expect(identityOf(chat({ username: "bOB" }))).toBe(first)
    expect(identityOf(chat({ msg: "<i>hello</i>", meta: { addClass: "x" } }))).toBe(first)
    expect(identityOf(eventOf(enveloped("chatMsg", { username: "Bob", ...line })))).toBe(first)
    const others = [chat({ time: now - 1 }), chat({ msg: "Hello" }), chat({ username: "Bobby" })].map(identityOf)
    others.push(identityOf(eventOf(message("pm", { username: "Bob", to: "Bot", ...line }))))
    expect(new Set([first, ...others]).size).toBe(5)
  })
})

describe("decodeEvent: the envelope", () => {
  const idOf = (wire: WireMessage) => Option.getOrUndefined(Result.getOrThrow(decode(wire)).correlationId)
  const payload = { username: "Bob", ...line }
  const withHeader = (wire: WireMessage, id: string): WireMessage => ({
    ...wire,
    headers: new Map([["Correlation-Id", id]])
  })

  const rows: ReadonlyArray<readonly [rule: string, wire: WireMessage, id: string | undefined]> = [
    ["the header's id", withHeader(message("chatMsg", payload), "from-header"), "from-header"],
    ["the envelope's id", enveloped("chatMsg", payload, { correlation_id: "from:envelope_1.0" }), "from:envelope_1.0"],
    ["the header before the envelope", withHeader(enveloped("chatMsg", payload), "from-header"), "from-header"],
    [
      "a header that is no id gives way",
      withHeader(enveloped("chatMsg", payload, { correlation_id: "e" }), "a b"),
      "e"
    ],
    ["128 characters are an id", enveloped("chatMsg", payload, { correlation_id: "x".repeat(128) }), "x".repeat(128)],
    ["129 are not", enveloped("chatMsg", payload, { correlation_id: "x".repeat(129) }), undefined],
    ["nor what a header could break at", enveloped("chatMsg", payload, { correlation_id: "x\r\ny" }), undefined],
    ["nor an empty one", enveloped("chatMsg", payload, { correlation_id: "" }), undefined],
    ["nor a number", enveloped("chatMsg", payload, { correlation_id: 7 }), undefined],
    ["none", message("chatMsg", payload), undefined]
  ]
  it.each(rows)("correlation id: %s", (_, wire, id) => {
    expect(idOf(wire)).toBe(id)
  })

  it("names channel, event and domain before the subject does", () => {
    const other = { ...enveloped("pm", { ...payload, to: "Bot" }), subject: "cytube.events.x.y.z" }
    expect(Result.getOrThrow(decode(other))).toMatchObject({ type: "pm", domain: Option.some("cytu.be") })
    const bare = Result.getOrThrow(decode(message("chatMsg", payload)))
    expect(bare.domain).toEqual(Option.none())
  })

  it("may lack channel and domain: the subject tells", () => {
    const wire = enveloped("chatMsg", payload, { channel: undefined, domain: undefined })
    expect(Result.getOrThrow(decode(wire)).domain).toEqual(Option.none())
    expect(failureOf({ ...wire, subject: "kryten.events.cytube.other.chatmsg" })).toBe("wrong_channel channel")
  })

  it("accepts the channel in any case, in envelope and subject", () => {
    expect(failureOf(enveloped("chatMsg", payload, { channel: "TESTCHAN" }))).toBe("decoded")
    expect(failureOf({ ...message("chatMsg", payload), subject: "cytube.events.TestChan.chatMsg" })).toBe("decoded")
    expect(failureOf({ ...message("chatMsg", payload), subject: "cytube.events.cytu.be.testchan.chatmsg" })).toBe(
      "decoded"
    )
  })

  it("counts what cannot be read by its subject", () => {
    expect(wireEventType(message("chatmsg", 0))).toBe("chatMsg")
  })
})

const eventNames = [
  "chatMsg",
  "pm",
  "changeMedia",
  "userlist",
  "addUser",
  "userLeave",
  "setUserRank",
  "login",
  "cooldown",
  "noflood",
  "spamFiltered",
  "errorMsg",
  "kick",
  "setAFK"
]

/** What a test plants into payloads: an explanation that holds it has leaked content. */
const secret = "s3cr3tw0rd"

const within = (event: ChatEvent): boolean => {
  const nameOk = (name: string): boolean => name.length > 0 && [...name].length <= 50 && !/\p{Cc}/u.test(name)
  const rankOk = (rank: number | undefined): boolean => rank === undefined || (rank >= 0 && rank <= 255)
  switch (event._tag) {
    case "ChatMsg":
    case "Pm":
      return nameOk(event.username) && rankOk(event.rank) && event.text.length <= 500 && !/\p{Cc}/u.test(event.text) &&
        event.time > 0 && event.time <= now && (event._tag === "ChatMsg" || nameOk(event.to))
    case "ChangeMedia":
      return event.media.title.length <= 200 && event.media.id.length <= 500 && event.media.type !== "" &&
        event.media.seconds >= 0
    case "UserList":
      return event.members.every(({ rank, username }) => nameOk(username) && rankOk(rank))
    case "AddUser":
    case "SetUserRank":
      return nameOk(event.member.username) && rankOk(event.member.rank)
    case "UserLeave":
    case "SetUserMeta":
      return nameOk(event.username)
    case "ChannelOpts":
      return event.flood === undefined || (event.flood.burst > 0 && event.flood.sustained > 0)
    case "Login":
      return event.username === undefined || nameOk(event.username)
    case "Refusal":
    case "Other":
      return true
  }
}

const soundOrExplained = (wire: WireMessage): void => {
  const decoded = decode(wire)
  if (Result.isSuccess(decoded)) expect(within(decoded.success.event), JSON.stringify(decoded.success.event)).toBe(true)
  else expect(decoded.failure.message).not.toContain(secret)
}

// A payload of the right keys with wrong values is where a decoder errs, so most are of that kind.
const Leaf = Schema.Union([
  Schema.Literals([secret, "", now, 0, -1, 1.5, 1e300, true, "Bob", "\u0000", secret.repeat(9), secret.repeat(900)]),
  Schema.Null,
  Schema.Json
])
const Key = Schema.Literals(["name", "rank", secret])
const Value = Schema.Union([Leaf, Schema.Record(Key, Leaf), Schema.Array(Schema.Record(Key, Leaf))])
const Payload = Schema.Union([
  Value,
  Schema.Struct({ username: Value, msg: Value, meta: Value, time: Value, to: Value }),
  Schema.Struct({ user: Value, from: Value, to: Value, msg: Value, time: Value }),
  Schema.Struct({ type: Value, id: Value, title: Value, seconds: Value, duration: Value }),
  Schema.Struct({ name: Value, rank: Value, success: Value })
])
const Event = Schema.Literals(eventNames)
const bytes = Arbitrary.map(
  Arbitrary.array(Arbitrary.schema(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 255 }))), {
    maxLength: 200
  }),
  (values) => Uint8Array.from(values)
)

describe("decodeEvent never throws, and an explanation holds nothing of the content", () => {
  it.prop("arbitrary bytes", [Event, bytes], ([event, body]) => {
    soundOrExplained({ ...message(event, 0), body })
  }, { arbitrary: { runs: 300 } })

  it.prop("arbitrary JSON", [Event, Schema.Json], ([event, json]) => {
    soundOrExplained(message(event, json))
  }, { arbitrary: { runs: 300 } })

  it.prop("anything in the place of a payload", [Event, Payload], ([event, payload]) => {
    soundOrExplained(message(event, payload))
    soundOrExplained(enveloped(event, payload))
  }, { arbitrary: { runs: 1_000 } })

  it.prop("anything in the place of an envelope's fields", [Schema.Struct({
    event_name: Value,
    payload: Value,
    channel: Value,
    domain: Value,
    correlation_id: Value
  })], ([envelope]) => {
    soundOrExplained(message("chatMsg", envelope))
  }, { arbitrary: { runs: 300 } })

  it("names like those of object prototypes are only names", () => {
    for (const name of ["__proto__", "constructor", "toString"]) {
      const body = utf8.encode(`{"username":"${name}","msg":"hi","time":${now},"__proto__":{"user":{"name":"x"}}}`)
      expect(eventOf({ ...message("chatMsg", 0), body })).toMatchObject({ username: name })
    }
  })

  it("64 KiB of nesting", () => {
    for (const [open, close] of [["[", "]"], ["{\"a\":", "}"]] as const) {
      const depth = Math.floor((maxBodyBytes - 10) / (open.length + close.length))
      const body = utf8.encode(`${open.repeat(depth)}1${close.repeat(depth)}`)
      expect(failureOf({ ...message("chatMsg", 0), body })).toMatch(/^field payload/)
      expect(failureOf({ ...message("other", 0), body })).toBe("decoded")
    }
  })
})

describe("encodeCommand", () => {
  const stamp: CommandStamp = { correlationId: CorrelationId.make("c-1"), messageId: "m-1", requestId: "r-1", at: now }
  const chat = { _tag: "Chat", channel: room.name, message: "so \"that\" is <b>\n😀" } as const
  const pm = { _tag: "Pm", channel: room.name, to: Username.make("Bob"), message: "psst" } as const
  const said = "so \\\"that\\\" is <b>\\n😀"
  const meta =
    "\"meta\":{\"source\":\"llm-bot\",\"timestamp\":\"2026-11-22T09:20:00.000Z\",\"domain\":\"cytu.be\",\"channel\":\"testchan\",\"request_id\":\"r-1\"}"
  const rows = [
    ["cytube", chat, "cytube.commands.testchan.chat", `{"action":"chat","data":{"message":"${said}"}}`],
    [
      "cytube",
      pm,
      "cytube.commands.testchan.pm",
      "{\"action\":\"pm\",\"data\":{\"to\":\"Bob\",\"message\":\"psst\"}}"
    ],
    [
      "kryten-legacy",
      chat,
      "cytube.commands.cytu.be.testchan.chat",
      `{"action":"chat","data":{"message":"${said}"}}`
    ],
    [
      "kryten-legacy",
      pm,
      "cytube.commands.cytu.be.testchan.pm",
      "{\"action\":\"pm\",\"data\":{\"to\":\"Bob\",\"message\":\"psst\"}}"
    ],
    [
      "kryten",
      chat,
      "kryten.robot.command",
      `{"service":"robot","command":"say","args":{"message":"${said}"},${meta}}`
    ],
    [
      "kryten",
      pm,
      "kryten.robot.command",
      `{"service":"robot","command":"pm","args":{"to":"Bob","message":"psst"},${meta}}`
    ]
  ] as const

  it("is shown for every protocol", () => {
    expect(new Set(rows.map(([protocol]) => protocol))).toEqual(new Set(Protocol.literals))
  })

  it.each(rows)("%s %o", (protocol, command, subject, body) => {
    const encoded = encodeCommand(protocol, room, command, stamp)
    expect(encoded).toMatchObject({ subject, body, request: true })
    expect([...encoded.headers]).toEqual([
      ["Correlation-Id", "c-1"],
      ["Timestamp", String(now)],
      ["Source", "llm-bot"],
      ["Schema-Version", "1.0"],
      ["Nats-Msg-Id", "m-1"]
    ])
  })

  it.prop("whatever is said, the body has exactly these keys", [Schema.String], ([text]) => {
    const { body } = encodeCommand("kryten-legacy", room, { ...chat, message: text }, stamp)
    expect(JSON.parse(body)).toEqual({ action: "chat", data: { message: text } })
  })
})
