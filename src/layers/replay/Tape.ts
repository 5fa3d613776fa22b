import { Effect } from "effect"
import { type ChannelKey, channelKey, type CorrelationId, type EntryKey } from "../../domain/Ids.ts"
import type { RecordingEntry } from "../../services/replay/Recording.ts"
import type { LogEntry } from "./ReplayLog.ts"

type Entry<K extends RecordingEntry["kind"]> = Extract<RecordingEntry, { readonly kind: K }>

/** A recorded result and where it stands in the log. */
export interface RecordedResult<K extends RecordingEntry["kind"]> {
  readonly index: number
  readonly entry: Entry<K>
}

/** A recording on its way past the bot: who needs a later line waits for it. */
export interface Tape {
  /** The tape has come to a line: whoever waits for it goes on. */
  readonly reach: (index: number) => void
  /** Whether the tape is past a line. */
  readonly past: (index: number) => boolean
  readonly until: (index: number) => Effect.Effect<void>
  /** How the decision's request that began nearest to a moment, monotonic ms, ended; each is given once. */
  readonly completion: (id: CorrelationId, now: number) => RecordedResult<"completion"> | undefined
  /** Whether the bot was given another configuration before it took anything else. */
  readonly reconfiguredAfter: (index: number) => boolean
  /** When a decision's line left in the recording; each attempt is given once. */
  readonly sent: (id: CorrelationId) => RecordedResult<"sent"> | undefined
  /** When a decision's ready line was next looked at, not long before a moment, monotonic ms; each is given once. */
  readonly turn: (id: CorrelationId, now: number) => RecordedResult<"turn"> | undefined
  readonly heard: (id: CorrelationId) => boolean
  /** The next look at a room that lies ahead. */
  readonly look: (channel: ChannelKey, entry: EntryKey) => RecordedResult<"look"> | undefined
}

/** Cues by what they belong to, each list in the order of the log. */
const listed = <K extends "completion" | "turn" | "sent" | "look">() => {
  const lists = new Map<string, Array<RecordedResult<K>>>()
  return {
    add: (key: string, cue: RecordedResult<K>): void => {
      const list = lists.get(key)
      if (list === undefined) lists.set(key, [cue])
      else list.push(cue)
    },
    peek: (key: string): RecordedResult<K> | undefined => lists.get(key)?.[0],
    next: (key: string): RecordedResult<K> | undefined => lists.get(key)?.shift(),
    /** The one with the least figure, the first of several. */
    least: (key: string, figure: (cue: RecordedResult<K>) => number): RecordedResult<K> | undefined => {
      const list = lists.get(key) ?? []
      const figures = list.map(figure)
      return list.splice(figures.indexOf(Math.min(...figures)), 1)[0]
    }
  }
}

/** A timer never rings earlier than this, ms. */
const earlyMs = 20

const lookKey = (channel: ChannelKey, entry: EntryKey): string => `${channel} ${entry}`

/** The recorded results of a log. A capture has none. */
export const makeTape = (entries: ReadonlyArray<LogEntry>): Tape => {
  const completions = listed<"completion">()
  const turns = listed<"turn">()
  const sent = listed<"sent">()
  const looks = listed<"look">()
  const unheard = new Set<CorrelationId>()
  entries.forEach((entry, index) => {
    if (entry.kind === "completion") completions.add(entry.id, { index, entry })
    if (entry.kind === "turn") turns.add(entry.id, { index, entry })
    if (entry.kind === "sent") sent.add(entry.id, { index, entry })
    if (entry.kind === "unheard") unheard.add(entry.id)
    if (entry.kind === "look") looks.add(lookKey(channelKey(entry.channel), entry.entry), { index, entry })
  })

  let position = -1
  // Grows with the replies under way, which the limits bound.
  const waiting = new Map<number, () => void>()
  const past = (index: number): boolean => index <= position

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
    // A bridge may give several lines one id: the request that began now is this one.
    completion: (id, now) => completions.least(id, ({ entry: { mono, took } }) => Math.abs(mono - took - now)),
    reconfiguredAfter: (index) => {
      const taken = ({ kind }: LogEntry): boolean => kind === "config" || kind === "event" || kind === "look"
      return entries.find((entry, at) => at > index && taken(entry))?.kind === "config"
    },
    sent: (id) => sent.next(id),
    turn: (id, now) => {
      let cue = turns.next(id)
      // Live, a timer may ring a little early, so that the tape is past it; what is long past was another wait.
      while (cue !== undefined && cue.entry.mono < now - earlyMs) cue = turns.next(id)
      return cue
    },
    heard: (id) => !unheard.has(id),
    look: (channel, entry) => {
      // It is taken when it comes: until then another timer of the entry may be the one that looks.
      const key = lookKey(channel, entry)
      for (let cue = looks.peek(key); cue !== undefined; cue = looks.peek(key)) {
        if (!past(cue.index)) return cue
        looks.next(key)
      }
      return undefined
    }
  }
}
