import { assert, describe, it } from "@effect/vitest"
import { HashMap, Option, Schema } from "effect"
import type { LimitName } from "../../../src/domain/decision/Decision.ts"
import { channelKey, EntryKey, userKey } from "../../../src/domain/Ids.ts"
import type { AdmissionRequest } from "../../../src/domain/limits/LimitState.ts"
import type { AdmissionResult, Admitted, Denied, Reservation } from "../../../src/domain/limits/RateLimit.ts"
import { freshPace } from "../../../src/domain/limits/FloodControl.ts"
import { RateLimits } from "../../../src/domain/settings/LimitSettings.ts"
import {
  admit,
  confirm,
  cooldownRemaining,
  emptyLimiter,
  type LimiterState,
  release,
  sendDelay
} from "../../support/Limiter.ts"
import { TriggerEntry } from "../../../src/domain/triggers/TriggerEntry.ts"

const minute = 60_000
const hour = 3_600_000

// ---- a world of people, rooms and entries, and what happens in it ----

const people = ["Ana", "Ben"] as const
const rooms = ["lobby", "second"] as const
const kinds = ["mention", "pm", "keyword", "keyword 2"] as const

const Maximum = Schema.NullOr(Schema.Literals([1, 2, 3, 4]))
const EntryLimits = Schema.Struct({
  cooldown_seconds: Schema.Literals([0, 1, 10, 100]),
  max_per_user_per_minute: Maximum,
  max_per_user_per_hour: Maximum,
  max_per_channel_per_minute: Maximum,
  max_per_hour: Maximum
})
const RoomLimits = Schema.Struct({
  max_per_channel_per_minute: Maximum,
  max_per_channel_per_hour: Maximum,
  global_cooldown_seconds: Schema.Literals([0, 1, 5])
})
const World = Schema.Struct({
  user: Schema.Struct({ max_per_user_per_minute: Maximum, max_per_user_per_hour: Maximum }),
  rooms: Schema.Struct({ lobby: RoomLimits, second: RoomLimits }),
  entries: Schema.Struct({ mention: EntryLimits, pm: EntryLimits, keyword: EntryLimits, "keyword 2": EntryLimits }),
  maxConcurrent: Schema.Literals([1, 2, 3])
})
type World = typeof World.Type

const Ask = Schema.TaggedStruct("Ask", {
  who: Schema.Literals(people),
  where: Schema.Literals(rooms),
  entry: Schema.Literals(kinds)
})
type Asked = Omit<typeof Ask.Type, "_tag">
const Pass = Schema.TaggedStruct("Pass", {
  ms: Schema.Literals([1, 500, 999, 1_000, 5_000, 10_000, 59_999, minute, 1_800_000, hour - 1, hour])
})
const Send = Schema.TaggedStruct("Send", { which: Schema.Literals([0, 1, 2]) })
const Drop = Schema.TaggedStruct("Drop", { which: Schema.Literals([0, 1, 2]) })
// What is there several times happens as much more often.
const Happening = Schema.Union([Ask, Ask, Ask, Pass, Pass, Send, Send, Drop])
type Happening = typeof Happening.Type
const Happenings = Schema.Array(Happening).check(Schema.isMaxLength(60))

const entryOf = Schema.decodeUnknownSync(TriggerEntry)
const decodeLimits = Schema.decodeUnknownSync(RateLimits)
/** The fair shares have tests of their own. */
const limitsOf = (limits: object) => decodeLimits({ max_user_share: null, max_private_share: null, ...limits })

/** The request of a person in a room, under the world's limits. */
const requestsOf = (world: World): (asked: Asked) => AdmissionRequest => {
  const userLimits = limitsOf(world.user)
  const channels = { lobby: limitsOf(world.rooms.lobby), second: limitsOf(world.rooms.second) }
  const entries = new Map(kinds.map((kind) => {
    const { cooldown_seconds, ...rate_limit } = world.entries[kind]
    const type = kind.startsWith("keyword") ? "keyword" : kind
    return [kind, entryOf({ type, cooldown_seconds, rate_limit, keywords: ["x"] })]
  }))
  return ({ entry, where, who }) => ({
    channel: channelKey(where),
    user: Option.some(userKey(who)),
    entryKey: EntryKey.make(entry),
    entry: entries.get(entry) ?? entryOf({ type: "mention" }),
    channelLimits: channels[where],
    userLimits,
    maxConcurrent: world.maxConcurrent,
    pace: freshPace,
    deadlineMs: Infinity
  })
}

// ---- what the specification says, counted anew each time from a plain list ----

interface Reply extends Asked {
  readonly admittedAt: number
  readonly reservation: Reservation
  sentAt: number | undefined
}

const typeOf = (entry: string): string => entry.split(" ")[0] ?? entry
const sameUser = (one: Asked) => (other: Asked): boolean => one.who === other.who
const sameUserAndType = (one: Asked) => (other: Asked): boolean =>
  one.who === other.who && typeOf(one.entry) === typeOf(other.entry)
const sameRoom = (one: Asked) => (other: Asked): boolean => one.where === other.where
const sameEntry = (one: Asked) => (other: Asked): boolean => one.where === other.where && one.entry === other.entry
const sameCooldown = (one: Asked) => (other: Asked): boolean =>
  sameEntry(one)(other) && (one.entry !== "pm" || one.who === other.who)

interface Rule {
  readonly limit: LimitName
  readonly of: (reply: Asked) => boolean
  readonly windowMs: number
  readonly maximum: number | null
}

/** The windows of a request in the order of F4. */
const rulesOf = (world: World, asked: Asked): ReadonlyArray<Rule> => {
  const { entries, rooms, user } = world
  const own = entries[asked.entry]
  const room = rooms[asked.where]
  return [
    { limit: "user_per_minute", of: sameUser(asked), windowMs: minute, maximum: user.max_per_user_per_minute },
    { limit: "user_per_hour", of: sameUser(asked), windowMs: hour, maximum: user.max_per_user_per_hour },
    {
      limit: "trigger_user_per_minute",
      of: sameUserAndType(asked),
      windowMs: minute,
      maximum: own.max_per_user_per_minute
    },
    { limit: "trigger_user_per_hour", of: sameUserAndType(asked), windowMs: hour, maximum: own.max_per_user_per_hour },
    {
      limit: "trigger_channel_per_minute",
      of: sameEntry(asked),
      windowMs: minute,
      maximum: own.max_per_channel_per_minute
    },
    { limit: "trigger_channel_per_hour", of: sameEntry(asked), windowMs: hour, maximum: own.max_per_hour },
    { limit: "channel_per_minute", of: sameRoom(asked), windowMs: minute, maximum: room.max_per_channel_per_minute },
    { limit: "channel_per_hour", of: sameRoom(asked), windowMs: hour, maximum: room.max_per_channel_per_hour }
  ]
}

const globalCooldownOver = (world: World, replies: ReadonlyArray<Reply>, asked: Asked, now: number): boolean =>
  replies.filter(sameRoom(asked)).every(({ admittedAt, sentAt }) =>
    (sentAt ?? admittedAt) + world.rooms[asked.where].global_cooldown_seconds * 1000 <= now
  )

/** The limit that must be named, or nothing when the request must be admitted. */
const refusalOf = (world: World, replies: ReadonlyArray<Reply>, asked: Asked, now: number): LimitName | undefined => {
  const held = replies.filter(sameRoom(asked)).filter(({ sentAt }) => sentAt === undefined)
  if (held.length >= world.maxConcurrent) return "busy"
  const full = rulesOf(world, asked).find(({ maximum, of, windowMs }) => {
    const inside = replies.filter(of).filter(({ sentAt }) => sentAt === undefined || sentAt > now - windowMs)
    return maximum !== null && inside.length >= maximum
  })
  return full?.limit ?? (globalCooldownOver(world, replies, asked, now) ? undefined : "global_cooldown")
}

const cooldownLeft = (world: World, replies: ReadonlyArray<Reply>, asked: Asked, now: number): number => {
  const cooldownMs = world.entries[asked.entry].cooldown_seconds * 1000
  return Math.max(0, ...replies.filter(sameCooldown(asked)).map(({ admittedAt }) => admittedAt + cooldownMs - now))
}

// ---- the limiter runs beside that list ----

interface Run {
  readonly world: World
  readonly request: (asked: Asked) => AdmissionRequest
  /** Everything admitted and not given back. */
  replies: Array<Reply>
  state: LimiterState
  now: number
}

const start = (world: World): Run => ({
  world,
  request: requestsOf(world),
  replies: [],
  state: emptyLimiter,
  now: 1_000
})

const everyQuestion: ReadonlyArray<Asked> = people.flatMap((who) =>
  rooms.flatMap((where) => kinds.map((entry) => ({ who, where, entry })))
)

/** How a limiter would answer everybody, at a moment. */
const answers = (run: Run, state: LimiterState, now: number) =>
  everyQuestion.map((asked) => ({
    checks: admit(state, run.request(asked), now)[0].checks,
    cooldown: cooldownRemaining(state, run.request(asked), now)
  }))

const checkRefusal = (run: Run, asked: Asked, denied: Denied, after: LimiterState): void => {
  assert.deepStrictEqual(answers(run, after, run.now), answers(run, run.state, run.now), "a refusal changes nothing")
  if (denied.retryAfterMs === undefined) return
  const ask = (now: number): AdmissionResult => admit(after, run.request(asked), now)[0]
  const early = ask(run.now + denied.retryAfterMs - 1)
  assert.strictEqual(early._tag === "Denied" ? early.limit : "admitted", denied.limit, "refused until retryAfterMs")
  const inTime = ask(run.now + denied.retryAfterMs)
  assert.notStrictEqual(inTime._tag === "Denied" ? inTime.limit : "admitted", denied.limit, "not after it")
}

/** As the bot does it: the entry's cooldown first, then every limit at once. */
const ask = (run: Run, asked: Asked): void => {
  const left = cooldownRemaining(run.state, run.request(asked), run.now)
  assert.strictEqual(left, cooldownLeft(run.world, run.replies, asked, run.now), "the entry's cooldown")
  if (left > 0) return
  const [admission, after] = admit(run.state, run.request(asked), run.now)
  const named = admission._tag === "Denied" ? admission.limit : undefined
  assert.strictEqual(named, refusalOf(run.world, run.replies, asked, run.now), "the first refusal in the order of F4")
  if (admission._tag === "Denied") checkRefusal(run, asked, admission, after)
  else {
    const { entry, where, who } = asked
    const { reservation } = admission
    run.replies.push({ who, where, entry, admittedAt: run.now, reservation, sentAt: undefined })
  }
  run.state = after
}

const heldOf = (run: Run, which: number): Reply | undefined => {
  const held = run.replies.filter(({ sentAt }) => sentAt === undefined)
  return held[which % Math.max(1, held.length)]
}

/** As the bot does it: a ready line waits for the global cooldown since the last one. */
const send = (run: Run, reply: Reply): void => {
  const { channel, channelLimits } = run.request(reply)
  run.now += sendDelay(run.state, channel, channelLimits, run.now)
  run.state = confirm(run.state, reply.reservation, run.now)
  reply.sentAt = run.now
}

const drop = (run: Run, reply: Reply): void => {
  run.state = release(run.state, reply.reservation)
  run.replies = run.replies.filter((other) => other !== reply)
}

const step = (run: Run, happening: Happening): void => {
  switch (happening._tag) {
    case "Pass":
      run.now += happening.ms
      return
    case "Ask":
      return ask(run, happening)
    case "Send":
    case "Drop": {
      const reply = heldOf(run, happening.which)
      if (reply === undefined) return
      return happening._tag === "Send" ? send(run, reply) : drop(run, reply)
    }
  }
}

// ---- what must hold of what was sent, whatever the limiter thinks ----

interface Sent extends Asked {
  readonly at: number
}

const sentOf = (run: Run): ReadonlyArray<Sent> =>
  run.replies.flatMap(({ entry, sentAt, where, who }) =>
    sentAt === undefined ? [] : [{ entry, where, who, at: sentAt }]
  )

/** Entries of one type may differ in what they allow a user: over all of them only the most generous figure holds. */
const allowed = (world: World, rule: Rule, asked: Asked): number => {
  const key = rule.limit === "trigger_user_per_minute"
    ? "max_per_user_per_minute"
    : rule.limit === "trigger_user_per_hour"
    ? "max_per_user_per_hour"
    : undefined
  if (key === undefined) return rule.maximum ?? Infinity
  const ofType = kinds.filter((kind) => typeOf(kind) === typeOf(asked.entry))
  return Math.max(...ofType.map((kind) => world.entries[kind][key] ?? Infinity))
}

const checkWindows = (world: World, sent: ReadonlyArray<Sent>): void => {
  for (const last of sent) {
    for (const rule of rulesOf(world, last)) {
      const inside = sent.filter(rule.of).filter(({ at }) => at > last.at - rule.windowMs && at <= last.at)
      assert.isAtMost(inside.length, allowed(world, rule, last), `${rule.limit} in the window that ends at ${last.at}`)
    }
  }
}

/** Each value with the next one. */
const pairs = <A>(values: ReadonlyArray<A>): ReadonlyArray<readonly [A, A]> =>
  values.slice(1).flatMap((next, index) => {
    const value = values[index]
    return value === undefined ? [] : [[value, next] as const]
  })

const checkGlobalCooldown = (world: World, sent: ReadonlyArray<Sent>): void => {
  for (const where of rooms) {
    const times = sent.filter((one) => one.where === where).map(({ at }) => at).toSorted((a, b) => a - b)
    const cooldownMs = world.rooms[where].global_cooldown_seconds * 1000
    for (const [one, next] of pairs(times)) assert.isAtLeast(next - one, cooldownMs, `global cooldown of ${where}`)
  }
}

const checkCooldowns = ({ replies, world }: Run): void => {
  for (const reply of replies) {
    const admitted = replies.filter(sameCooldown(reply)).map(({ admittedAt }) => admittedAt)
    const cooldownMs = world.entries[reply.entry].cooldown_seconds * 1000
    for (const [one, next] of pairs(admitted)) assert.isAtLeast(next - one, cooldownMs, `cooldown of ${reply.entry}`)
  }
}

const admitted = (admission: AdmissionResult): Admitted => {
  assert(admission._tag === "Admitted", "expected an admission")
  return admission
}

/** The same replies in a limiter that never saw those that were given back. */
const withoutDropped = (run: Run): LimiterState => {
  let state = emptyLimiter
  const begun = run.replies.map((reply) => ({ at: reply.admittedAt, reply, sends: false }))
  const ended = run.replies.flatMap((reply) =>
    reply.sentAt === undefined ? [] : [{ at: reply.sentAt, reply, sends: true }]
  )
  const reservations = new Map<Reply, Reservation>()
  for (
    const { at, reply, sends } of [...begun, ...ended].toSorted((a, b) =>
      a.at - b.at || Number(a.sends) - Number(b.sends)
    )
  ) {
    const reservation = reservations.get(reply)
    if (sends && reservation !== undefined) state = confirm(state, reservation, at)
    else {
      const generous = { ...run.request(reply), ...unlimited }
      const [admission, after] = admit(state, generous, at)
      reservations.set(reply, admitted(admission).reservation)
      state = after
    }
  }
  return state
}

const unlimited = {
  maxConcurrent: Infinity,
  pace: freshPace,
  deadlineMs: Infinity,
  userLimits: limitsOf({ max_per_user_per_minute: null, max_per_user_per_hour: null }),
  channelLimits: limitsOf({
    max_per_channel_per_minute: null,
    max_per_channel_per_hour: null,
    global_cooldown_seconds: 0
  })
}

const stranger: Asked = { who: "Ana", where: "second", entry: "mention" }

const properties: Readonly<Record<string, (run: Run) => void>> = {
  "answers as the plain list says, at every step": () => {},
  "never are more lines sent in a window than its maximum": (run) => checkWindows(run.world, sentOf(run)),
  "two lines of a channel are the global cooldown apart": (run) => checkGlobalCooldown(run.world, sentOf(run)),
  "two admissions of one cooldown key are the cooldown apart": checkCooldowns,
  "what was given back left no trace": (run) => {
    const clean = withoutDropped(run)
    for (const later of [0, 1, 5_000, minute, hour]) {
      assert.deepStrictEqual(
        answers(run, run.state, run.now + later),
        answers(run, clean, run.now + later),
        `${later} ms later`
      )
    }
  },
  "an hour later nothing of it is left": (run) => {
    run.replies.filter(({ sentAt }) => sentAt === undefined).forEach((reply) => drop(run, reply))
    const after = rooms.reduce((state, where) => {
      const request = { ...run.request({ ...stranger, where }), ...unlimited }
      return admit(state, request, run.now + hour)[1]
    }, run.state)
    const channels = HashMap.toValues(after.channels).map(({ windows }) => HashMap.size(windows))
    assert.isAtMost(channels.reduce((sum, size) => sum + size, HashMap.size(after.users.windows)), 10)
  }
}

describe("a limiter, whatever happens,", () => {
  for (const [name, check] of Object.entries(properties)) {
    it.prop(name, [World, Happenings], ([world, happenings]) => {
      const run = start(world)
      happenings.forEach((happening) => step(run, happening))
      check(run)
    }, { arbitrary: { runs: 100, size: 60, seed: name } })
  }
})

// ---- the edges, one by one ----

const open: World = {
  user: { max_per_user_per_minute: null, max_per_user_per_hour: null },
  rooms: {
    lobby: { max_per_channel_per_minute: null, max_per_channel_per_hour: null, global_cooldown_seconds: 0 },
    second: { max_per_channel_per_minute: null, max_per_channel_per_hour: null, global_cooldown_seconds: 0 }
  },
  entries: {
    mention: noEntryLimits(),
    pm: noEntryLimits(),
    keyword: noEntryLimits(),
    "keyword 2": noEntryLimits()
  },
  maxConcurrent: 3
}

function noEntryLimits(): typeof EntryLimits.Type {
  return {
    cooldown_seconds: 0,
    max_per_user_per_minute: null,
    max_per_user_per_hour: null,
    max_per_channel_per_minute: null,
    max_per_hour: null
  }
}

const asks: Asked = { who: "Ana", where: "lobby", entry: "mention" }
const plain = requestsOf(open)(asks)

/** A limiter after lines sent at these times, whatever the limits are. */
const after = (...times: ReadonlyArray<number>): LimiterState =>
  times.reduce((state, at) => {
    const [admission, held] = admit(state, { ...plain, ...unlimited }, at)
    return confirm(held, admitted(admission).reservation, at)
  }, emptyLimiter)

const channelLimits = (limits: typeof RateLimits.Encoded) => ({
  channelLimits: limitsOf({ ...noChannelLimits, ...limits })
})
const noChannelLimits = {
  max_per_channel_per_minute: null,
  max_per_channel_per_hour: null,
  global_cooldown_seconds: 0
}
const userLimits = (limits: typeof RateLimits.Encoded) => ({ userLimits: limitsOf({ ...noUserLimits, ...limits }) })
const noUserLimits = { max_per_user_per_minute: null, max_per_user_per_hour: null }
const entry = (fields: object) => ({ entry: entryOf({ type: "mention", ...fields }) })

type Row = readonly [
  says: string,
  sent: ReadonlyArray<number>,
  limits: Partial<AdmissionRequest>,
  at: number,
  refusedBy: LimitName | undefined,
  retryAfterMs: number | undefined
]

const rows: ReadonlyArray<Row> = [
  [
    "a minute's window holds its right edge",
    [0],
    channelLimits({ max_per_channel_per_minute: 1 }),
    0,
    "channel_per_minute",
    minute
  ],
  [
    "it holds what was sent a moment less than a minute ago",
    [0],
    channelLimits({ max_per_channel_per_minute: 1 }),
    minute - 1,
    "channel_per_minute",
    1
  ],
  ["it is open on the left", [0], channelLimits({ max_per_channel_per_minute: 1 }), minute, undefined, undefined],
  [
    "an hour's window is open on the left too",
    [0],
    channelLimits({ max_per_channel_per_hour: 1 }),
    hour,
    undefined,
    undefined
  ],
  ["and closed a moment earlier", [0], channelLimits({ max_per_channel_per_hour: 1 }), hour - 1, "channel_per_hour", 1],
  [
    "it allows again when the oldest leaves",
    [0, 10_000, 20_000],
    channelLimits({ max_per_channel_per_minute: 3 }),
    30_000,
    "channel_per_minute",
    30_000
  ],
  [
    "a lower limit waits for more to leave",
    [0, 10_000, 20_000],
    channelLimits({ max_per_channel_per_minute: 2 }),
    30_000,
    "channel_per_minute",
    40_000
  ],
  ["0 allows none, ever", [], channelLimits({ max_per_channel_per_minute: 0 }), 0, "channel_per_minute", undefined],
  ["0 for a user allows none", [], userLimits({ max_per_user_per_hour: 0 }), 0, "user_per_hour", undefined],
  [
    "0 for an entry allows none",
    [],
    entry({ rate_limit: { max_per_hour: 0 } }),
    0,
    "trigger_channel_per_hour",
    undefined
  ],
  ["null is no limit", [0, 0, 0, 0, 0], {}, 0, undefined, undefined],
  ["a user's minute", [0], userLimits({ max_per_user_per_minute: 1 }), 1, "user_per_minute", minute - 1],
  ["a user's hour", [0], userLimits({ max_per_user_per_hour: 1 }), 1, "user_per_hour", hour - 1],
  [
    "an entry's minute for a user",
    [0],
    entry({ rate_limit: { max_per_user_per_minute: 1 } }),
    1,
    "trigger_user_per_minute",
    minute - 1
  ],
  [
    "an entry's hour for a user",
    [0],
    entry({ rate_limit: { max_per_user_per_hour: 1 } }),
    1,
    "trigger_user_per_hour",
    hour - 1
  ],
  [
    "an entry's minute",
    [0],
    entry({ rate_limit: { max_per_channel_per_minute: 1 } }),
    1,
    "trigger_channel_per_minute",
    minute - 1
  ],
  [
    "an entry's hour",
    [0],
    entry({ rate_limit: { max_per_channel_per_hour: 1 } }),
    1,
    "trigger_channel_per_hour",
    hour - 1
  ],
  [
    "an entry's hour by its other name",
    [0],
    entry({ rate_limit: { max_per_hour: 1 } }),
    1,
    "trigger_channel_per_hour",
    hour - 1
  ],
  [
    "of an entry's two hours the stricter holds",
    [0],
    entry({ rate_limit: { max_per_channel_per_hour: 2, max_per_hour: 1 } }),
    1,
    "trigger_channel_per_hour",
    hour - 1
  ],
  ["the global cooldown", [0], channelLimits({ global_cooldown_seconds: 5 }), 4_999, "global_cooldown", 1],
  ["it is over at exactly t + c", [0], channelLimits({ global_cooldown_seconds: 5 }), 5_000, undefined, undefined],
  ["a global cooldown of 0 is off", [0], channelLimits({ global_cooldown_seconds: 0 }), 0, undefined, undefined]
]

describe("a limiter at its edges", () => {
  it.each(rows)("%s", (_, sent, limits, at, refusedBy, retryAfterMs) => {
    const [admission] = admit(after(...sent), { ...plain, ...limits }, at)
    assert.strictEqual(admission._tag === "Denied" ? admission.limit : undefined, refusedBy)
    assert.strictEqual(admission._tag === "Denied" ? admission.retryAfterMs : undefined, retryAfterMs)
  })

  const hold = (state: LimiterState, request: AdmissionRequest, at: number) => {
    const [admission, held] = admit(state, request, at)
    return [admitted(admission).reservation, held] as const
  }

  it("names the refusals in the order of F4, each once what is before it allows", () => {
    const all: AdmissionRequest = {
      ...plain,
      maxConcurrent: 1,
      pace: freshPace,
      deadlineMs: Infinity,
      ...userLimits({ max_per_user_per_minute: 0, max_per_user_per_hour: 0 }),
      ...entry({
        rate_limit: {
          max_per_user_per_minute: 0,
          max_per_user_per_hour: 0,
          max_per_channel_per_minute: 0,
          max_per_channel_per_hour: 0
        }
      }),
      ...channelLimits({ max_per_channel_per_minute: 0, max_per_channel_per_hour: 0, global_cooldown_seconds: 5 })
    }
    const [, state] = hold(emptyLimiter, plain, 0)
    const calmer: ReadonlyArray<Partial<AdmissionRequest>> = [
      {},
      { maxConcurrent: 9 },
      userLimits({ max_per_user_per_hour: 0 }),
      userLimits({}),
      entry({ rate_limit: { max_per_user_per_hour: 0, max_per_channel_per_minute: 0, max_per_channel_per_hour: 0 } }),
      entry({ rate_limit: { max_per_channel_per_minute: 0, max_per_channel_per_hour: 0 } }),
      entry({ rate_limit: { max_per_channel_per_hour: 0 } }),
      entry({}),
      channelLimits({ max_per_channel_per_hour: 0, global_cooldown_seconds: 5 }),
      channelLimits({ global_cooldown_seconds: 5 })
    ]
    const named = calmer.map((_, index) => {
      const request: AdmissionRequest = Object.assign({}, all, ...calmer.slice(0, index + 1))
      const [admission] = admit(state, request, 0)
      return admission._tag === "Denied" ? admission.limit : "admitted"
    })
    assert.deepStrictEqual(named, [
      "busy",
      "user_per_minute",
      "user_per_hour",
      "trigger_user_per_minute",
      "trigger_user_per_hour",
      "trigger_channel_per_minute",
      "trigger_channel_per_hour",
      "channel_per_minute",
      "channel_per_hour",
      "global_cooldown"
    ])
  })

  it("an entry's cooldown runs from the admission and is over at exactly t + c", () => {
    const request = { ...plain, ...entry({ cooldown_seconds: 10 }) }
    const [reservation, held] = hold(emptyLimiter, request, 1_000)
    assert.strictEqual(cooldownRemaining(held, request, 1_000), 10_000)
    const sent = confirm(held, reservation, 5_000)
    assert.deepStrictEqual([10_999, 11_000].map((at) => cooldownRemaining(sent, request, at)), [1, 0])
  })

  it("a cooldown given back is as if it had never begun", () => {
    const request = { ...plain, ...entry({ cooldown_seconds: 10 }) }
    const [reservation, held] = hold(emptyLimiter, request, 1_000)
    assert.strictEqual(cooldownRemaining(release(held, reservation), request, 1_001), 0)
  })

  it("the one before it is in force again", () => {
    const request = { ...plain, ...entry({ cooldown_seconds: 10 }) }
    const [first, held] = hold(emptyLimiter, request, 0)
    const [second, again] = hold(confirm(held, first, 0), request, 9_000)
    assert.strictEqual(cooldownRemaining(release(again, second), request, 9_500), 500)
  })

  it("the cooldown of private messages is each person's, any other everybody's", () => {
    const of = (type: string, user: string): AdmissionRequest => ({
      ...plain,
      user: Option.some(userKey(user)),
      entry: entryOf({ type, cooldown_seconds: 10 })
    })
    const left = (type: string): number => {
      const [, held] = hold(emptyLimiter, of(type, "Ana"), 0)
      return cooldownRemaining(held, of(type, "Ben"), 0)
    }
    assert.deepStrictEqual([left("mention"), left("pm")], [10_000, 0])
  })

  it("the private cooldowns of two entries are kept apart whatever people are called", () => {
    const of = (key: string, user: string): AdmissionRequest => ({
      ...plain,
      entryKey: EntryKey.make(key),
      user: Option.some(userKey(user)),
      entry: entryOf({ type: "pm", cooldown_seconds: 10 })
    })
    const [, held] = hold(emptyLimiter, of("pm 2", "ana"), 0)
    assert.strictEqual(cooldownRemaining(held, of("pm", "2 ana"), 0), 0)
  })

  it("a held reply counts as inside every window until it is sent or given back", () => {
    const request = { ...plain, ...channelLimits({ max_per_channel_per_minute: 1 }) }
    const [reservation, held] = hold(emptyLimiter, request, 0)
    assert.strictEqual(admit(held, request, hour)[0]._tag, "Denied")
    assert.strictEqual(admit(confirm(held, reservation, hour), request, hour + minute - 1)[0]._tag, "Denied")
    assert.strictEqual(admit(confirm(held, reservation, hour), request, hour + minute)[0]._tag, "Admitted")
    assert.strictEqual(admit(release(held, reservation), request, 1)[0]._tag, "Admitted")
  })

  it("what depends on replies under way has no time to name", () => {
    const request = { ...plain, ...channelLimits({ max_per_channel_per_minute: 1 }) }
    const [, held] = hold(emptyLimiter, request, 0)
    const [admission] = admit(held, request, 1)
    assert.strictEqual(admission._tag === "Denied" ? admission.retryAfterMs : 0, undefined)
  })

  it("the global cooldown runs from the last held reply too", () => {
    const request = { ...plain, ...channelLimits({ global_cooldown_seconds: 5 }) }
    const [reservation, held] = hold(after(0), request, 6_000)
    assert.strictEqual(admit(held, request, 10_999)[0]._tag, "Denied")
    assert.strictEqual(admit(held, request, 11_000)[0]._tag, "Admitted")
    assert.strictEqual(admit(release(held, reservation), request, 6_001)[0]._tag, "Admitted")
  })

  it("a ready reply waits for the global cooldown since the last send only", () => {
    const { channel, channelLimits: limits } = { ...plain, ...channelLimits({ global_cooldown_seconds: 5 }) }
    assert.deepStrictEqual([0, 4_999, 5_000].map((at) => sendDelay(after(0), channel, limits, at)), [5_000, 1, 0])
    assert.strictEqual(sendDelay(emptyLimiter, channel, limits, 0), 0)
  })

  it("what was sent is never given back", () => {
    const request = { ...plain, ...channelLimits({ max_per_channel_per_minute: 1 }) }
    const [reservation, held] = hold(emptyLimiter, request, 0)
    assert.strictEqual(admit(release(confirm(held, reservation, 0), reservation), request, 1)[0]._tag, "Denied")
  })

  it("a user's limits count over all channels and triggers, an entry's over all channels", () => {
    const elsewhere = { channel: channelKey("second"), entryKey: EntryKey.make("mention 2") }
    const refusedBy = (limits: Partial<AdmissionRequest>): LimitName | undefined => {
      const [admission] = admit(after(0), { ...plain, ...elsewhere, ...limits }, 1)
      return admission._tag === "Denied" ? admission.limit : undefined
    }
    assert.strictEqual(refusedBy(userLimits({ max_per_user_per_minute: 1 })), "user_per_minute")
    assert.strictEqual(refusedBy(entry({ rate_limit: { max_per_user_per_minute: 1 } })), "trigger_user_per_minute")
    assert.strictEqual(refusedBy(entry({ rate_limit: { max_per_channel_per_minute: 1, max_per_hour: 1 } })), undefined)
    assert.strictEqual(refusedBy(channelLimits({ max_per_channel_per_minute: 1 })), undefined)
    assert.strictEqual(
      refusedBy({ entry: entryOf({ type: "pm", rate_limit: { max_per_user_per_minute: 1 } }) }),
      undefined
    )
  })

  it("a reply nobody asked for charges no user", () => {
    const nobody = { ...plain, user: Option.none(), ...userLimits({ max_per_user_per_minute: 0 }) }
    assert.strictEqual(admit(emptyLimiter, nobody, 0)[0]._tag, "Admitted")
  })

  it("a forgotten channel is new, its users keep their charges", () => {
    const { users } = after(0)
    const state: LimiterState = { users, channels: HashMap.empty() }
    const limits = channelLimits({ max_per_channel_per_minute: 1, global_cooldown_seconds: 5 })
    assert.strictEqual(admit(state, { ...plain, ...limits }, 1)[0]._tag, "Admitted")
    assert.strictEqual(admit(state, { ...plain, ...userLimits({ max_per_user_per_minute: 1 }) }, 1)[0]._tag, "Denied")
  })
})
