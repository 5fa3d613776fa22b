import { Effect } from "effect"
import { type ChannelKey, channelKey, type CorrelationId, type EntryKey } from "../../domain/Ids.ts"
import type { SentReply } from "../../domain/limits/SentReply.ts"
import type { RecordingEntry } from "../../services/replay/Recording.ts"
import type { LogEntry } from "./LogReader.ts"

type Entry<K extends RecordingEntry["kind"]> = Extract<RecordingEntry, { readonly kind: K }>

/** A recorded result and its line in the log. */
export interface RecordedResult<K extends RecordingEntry["kind"]> {
  readonly index: number
  readonly entry: Entry<K>
}

/** A recording played back line by line: a fiber that needs a later line waits for it. */
export interface Playback {
  /** Reaches a line: fibers that wait for it resume. */
  readonly reach: (index: number) => void
  /** Whether it is past a line. */
  readonly past: (index: number) => boolean
  readonly until: (index: number) => Effect.Effect<void>
  /** The result of the decision's request that began nearest to a time, monotonic ms; each is returned once. */
  readonly completion: (id: CorrelationId, now: number) => RecordedResult<"completion"> | undefined
  /** Whether the next thing in the recording is another configuration. */
  readonly reconfiguredAfter: (index: number) => boolean
  /** What the limits that replicas share said to a decision; each is returned once. */
  readonly charged: (id: CorrelationId) => RecordedResult<"charged"> | undefined
  /** What was sent to a channel before it was opened; each is returned once. */
  readonly recalled: (channel: ChannelKey) => ReadonlyArray<SentReply>
  /** When a decision's line was sent in the recording; each attempt is returned once. */
  readonly sent: (id: CorrelationId) => RecordedResult<"sent"> | undefined
  /** When a decision's ready line was next checked, not long before a time, monotonic ms; each is returned once. */
  readonly sendTime: (id: CorrelationId, now: number) => RecordedResult<"turn"> | undefined
  /** When its wait for NATS was over, just so. */
  readonly gateTime: (id: CorrelationId, now: number) => RecordedResult<"turn"> | undefined
  /** The next later evaluation of a contextual entry. */
  readonly evaluation: (channel: ChannelKey, entry: EntryKey) => RecordedResult<"look"> | undefined
}

type ResultKind = "completion" | "turn" | "sent" | "look" | "recalled" | "charged"

/** What a part of a log holds of results, in its order. A capture has none. */
export interface RecordedResults {
  readonly all: ReadonlyArray<RecordedResult<ResultKind>>
  /** The requests that a new configuration stopped, by their index. */
  readonly reconfigured: ReadonlySet<number>
}

/** Gathers the results of a log, line by line. */
export const resultsTally = () => {
  const all: Array<RecordedResult<ResultKind>> = []
  const reconfigured = new Set<number>()
  // Requests that were stopped since the last thing the bot took in.
  let stopped: Array<number> = []
  return {
    add: (index: number, entry: LogEntry): void => {
      switch (entry.kind) {
        case "completion":
          if (entry.end._tag === "Stopped") stopped.push(index)
          all.push({ index, entry })
          return
        case "turn":
        case "sent":
        case "recalled":
        case "charged":
          all.push({ index, entry })
          return
        case "look":
          stopped = []
          all.push({ index, entry })
          return
        case "config":
          for (const request of stopped) reconfigured.add(request)
          stopped = []
          return
        case "event":
          stopped = []
          return
        default:
          return
      }
    },
    result: (): RecordedResults => ({ all, reconfigured })
  }
}

/** Results by key, each list in the order of the log. */
const resultLists = <K extends ResultKind>() => {
  const lists = new Map<string, Array<RecordedResult<K>>>()
  return {
    add: (key: string, result: RecordedResult<K>): void => {
      const list = lists.get(key)
      if (list === undefined) lists.set(key, [result])
      else list.push(result)
    },
    peek: (key: string): RecordedResult<K> | undefined => lists.get(key)?.[0],
    next: (key: string): RecordedResult<K> | undefined => lists.get(key)?.shift(),
    /** Takes the one with the lowest figure, the first of several. */
    least: (key: string, figure: (result: RecordedResult<K>) => number): RecordedResult<K> | undefined => {
      const list = lists.get(key) ?? []
      const figures = list.map(figure)
      return list.splice(figures.indexOf(Math.min(...figures)), 1)[0]
    }
  }
}

/** Timers fire at most this early, ms. */
const earlyMs = 20

const entryKey = (channel: ChannelKey, entry: EntryKey): string => `${channel} ${entry}`

const resultsByKey = ({ all }: RecordedResults) => {
  const completions = resultLists<"completion">()
  const sendTimes = resultLists<"turn">()
  const gateTimes = resultLists<"turn">()
  const sent = resultLists<"sent">()
  const evaluations = resultLists<"look">()
  const recalled = resultLists<"recalled">()
  const charged = resultLists<"charged">()
  for (const { entry, index } of all) {
    if (entry.kind === "completion") completions.add(entry.id, { index, entry })
    if (entry.kind === "turn") (entry.gate === true ? gateTimes : sendTimes).add(entry.id, { index, entry })
    if (entry.kind === "recalled") recalled.add(channelKey(entry.channel), { index, entry })
    if (entry.kind === "charged") charged.add(entry.id, { index, entry })
    if (entry.kind === "sent") sent.add(entry.id, { index, entry })
    if (entry.kind === "look") evaluations.add(entryKey(channelKey(entry.channel), entry.entry), { index, entry })
  }
  return { completions, sendTimes, gateTimes, sent, evaluations, recalled, charged }
}

/** Plays back the results of a part of a log. */
export const makePlayback = (results: RecordedResults): Playback => {
  const { charged, completions, evaluations, gateTimes, recalled, sendTimes, sent } = resultsByKey(results)
  let position = -1
  // Grows with the replies in progress, which the limits bound.
  const waiting = new Map<number, () => void>()
  const past = (index: number): boolean => index <= position

  const nextTurn = (turns: typeof sendTimes, id: CorrelationId, now: number): RecordedResult<"turn"> | undefined => {
    let result = turns.next(id)
    // Live, a timer may fire a little early, so the playback may be past it; a long past one was another wait.
    while (result !== undefined && result.entry.mono < now - earlyMs) result = turns.next(id)
    return result
  }

  return {
    reach: (index) => {
      position = index
      waiting.get(index)?.()
      waiting.delete(index)
    },
    past,
    until: (index) =>
      Effect.callback<void>((resume) => {
        if (past(index)) resume(Effect.void)
        else waiting.set(index, () => resume(Effect.void))
      }),
    // A bridge may give several lines one id: take the request that began now.
    completion: (id, now) => completions.least(id, ({ entry: { mono, took } }) => Math.abs(mono - took - now)),
    reconfiguredAfter: (index) => results.reconfigured.has(index),
    charged: (id) => charged.next(id),
    recalled: (channel) => recalled.next(channel)?.entry.replies ?? [],
    sent: (id) => sent.next(id),
    sendTime: (id, now) => nextTurn(sendTimes, id, now),
    gateTime: (id, now) => nextTurn(gateTimes, id, now),
    evaluation: (channel, entry) => {
      // It is consumed on arrival: until then another timer of the entry may be the one that evaluates.
      const key = entryKey(channel, entry)
      for (let result = evaluations.peek(key); result !== undefined; result = evaluations.peek(key)) {
        if (!past(result.index)) return result
        evaluations.next(key)
      }
      return undefined
    }
  }
}
