import { Schema } from "effect"
import type { DecisionRecord } from "../decision/Decision.ts"
import { CorrelationId } from "../Ids.ts"
import { addressing, isHeard } from "./Addressed.ts"
import { addOne, EndCount, endOf, rankedEnds, ReplayEnd, whyText } from "./ReplayEnd.ts"
import { utcText } from "./ReplayWords.ts"

const usersShown = 10

const counts = {
  /** Lines of the room and private messages. */
  lines: Schema.Finite,
  /** How many of these addressed the bot. */
  addressed: Schema.Finite,
  replies: Schema.Finite
}

/** One person's lines and replies. */
const UserCount = Schema.Struct({ user: Schema.String, ...counts })
export type UserCount = typeof UserCount.Type

/** Lines and replies by person. */
export const People = Schema.Struct({
  /** The ten with the most replies, then lines. */
  top: Schema.Array(UserCount),
  /** The other people: how many, and their sums. */
  others: Schema.Struct({ users: Schema.Finite, ...counts }),
  /** Replies nobody asked for: comments on the room (contextual). They belong to no user. */
  unasked: Schema.Finite
})
export type People = typeof People.Type

/** A line that addressed the bot and got no reply. */
const UnansweredMention = Schema.Struct({
  correlationId: CorrelationId,
  channel: Schema.String,
  /** Arrival, UTC to the second. */
  at: Schema.String,
  user: Schema.String,
  private: Schema.Boolean,
  /** The line, whole. */
  text: Schema.String,
  reason: ReplayEnd,
  /** The gate that refused, with its value against its limit. */
  why: Schema.String
})
export type UnansweredMention = typeof UnansweredMention.Type

/** Lines that named the bot or matched a mention trigger, and private messages to it. */
export const Mentions = Schema.Struct({
  all: Schema.Finite,
  answered: Schema.Finite,
  /** Why the others got no reply, the most frequent reason first. */
  reasons: Schema.Array(EndCount),
  /** Every one that got no reply, in order. */
  unanswered: Schema.Array(UnansweredMention)
})
export type Mentions = typeof Mentions.Type

type Counts = Omit<{ -readonly [K in keyof UserCount]: UserCount[K] }, "user">

const none = (): Counts => ({ lines: 0, addressed: 0, replies: 0 })

const unansweredOf = (record: DecisionRecord): UnansweredMention => ({
  correlationId: record.correlationId,
  channel: record.channel,
  at: utcText(record.arrivedAt, true),
  user: record.username ?? "",
  private: record.eventType === "pm",
  text: record.content?.line ?? "",
  reason: endOf(record),
  why: whyText(record)
})

const peopleOf = (users: ReadonlyArray<UserCount>, unasked: number): People => {
  const sorted = [...users].toSorted((a, b) =>
    b.replies - a.replies || b.lines - a.lines || (a.user < b.user ? -1 : a.user > b.user ? 1 : 0)
  )
  const rest = sorted.slice(usersShown)
  const sum = (part: keyof Counts): number => rest.reduce((all, user) => all + user[part], 0)
  return {
    top: sorted.slice(0, usersShown),
    others: { users: rest.length, lines: sum("lines"), addressed: sum("addressed"), replies: sum("replies") },
    unasked
  }
}

/** Counts every person's lines and replies, and the unanswered mentions. */
export const peopleTally = (botNames: ReadonlyArray<string>) => {
  const isAddressed = addressing(botNames)
  // The people of the log, by name in lower case.
  const users = new Map<string, { user: string; counts: Counts }>()
  const reasons = new Map<ReplayEnd, number>()
  const unanswered: Array<UnansweredMention> = []
  let all = 0
  let unasked = 0

  return {
    add: (record: DecisionRecord): void => {
      const replied = endOf(record) === "replied"
      if (record.eventType === "contextual" && replied) unasked++
      if (!isHeard(record)) return
      const name = record.username ?? ""
      const key = name.toLowerCase()
      const person = users.get(key) ?? { user: name, counts: none() }
      users.set(key, person)
      person.counts.lines++
      if (replied) person.counts.replies++
      if (!isAddressed(record)) return
      person.counts.addressed++
      all++
      if (replied) return
      addOne(reasons, endOf(record))
      unanswered.push(unansweredOf(record))
    },
    result: (): { people: People; mentions: Mentions } => ({
      people: peopleOf([...users.values()].map(({ counts, user }) => ({ user, ...counts })), unasked),
      mentions: { all, answered: all - unanswered.length, reasons: rankedEnds(reasons), unanswered }
    })
  }
}
