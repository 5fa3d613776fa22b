import type { DecisionRecord } from "../decision/Decision.ts"
import { addressing } from "./Addressed.ts"
import { changeKindOf } from "./ReplayComparison.ts"
import { endOf, shortEnds } from "./ReplayEnd.ts"
import { type Pair, pairsOf } from "./ReplayPairs.ts"
import type { ReplayRuns } from "./ReplayRun.ts"
import {
  changeKinds,
  type Ending,
  type Row,
  rowMaker,
  type Source,
  type TimelineEvent,
  type ToldStep
} from "./TimelineRow.ts"

/** Byte budgets of the prompts and of the whole timeline, so that a browser opens it without delay. */
export interface TimelineBudget {
  readonly prompts: number
  readonly all: number
}

/** With the page around it a file stays under 10 MB. */
const usual: TimelineBudget = { prompts: 3_500_000, all: 9_300_000 }

/** The decisions of one run or two, compact enough for a page: repeated texts are stored once. */
export interface Timeline {
  /** When the first event arrived, epoch ms. */
  readonly from: number
  /** What rows name by index: the events' sources and the kinds of change. */
  readonly sources: ReadonlyArray<Source>
  readonly changes: ReadonlyArray<string>
  readonly texts: ReadonlyArray<string>
  /** Every end in a word or two. */
  readonly shorts: typeof shortEnds
  readonly steps: ReadonlyArray<ToldStep>
  /** The steps of a decision, as indices. */
  readonly stories: ReadonlyArray<ReadonlyArray<number>>
  readonly endings: ReadonlyArray<Ending | 0>
  readonly rows: ReadonlyArray<Row>
  /** Events without reply, failure or unanswered mention that did not fit, the latest ones. */
  readonly leftOut: number
  /** Prompts that did not fit. */
  readonly promptsLeftOut: number
}

/** The least that a row takes, besides its line. */
const rowBytes = 30

/**
 * The timeline of one run or two, pair by pair. Every reply, failure, unanswered mention and change from A to B is shown
 * whole; every other event with its gates, but without their times, until the budget is spent. Prompts have a budget of
 * their own, so that they do not crowd out what was said.
 */
export const timelineTally = (botNames: ReadonlyArray<string>, compared: boolean, budget: TimelineBudget = usual) => {
  const isAddressed = addressing(botNames)
  // Those that are shown whole, and of the others no more than fit.
  const events: Array<TimelineEvent> = []
  let bytes = 0
  let leftOut = 0

  const eventOf = (pair: Pair, record: DecisionRecord): TimelineEvent => {
    const sides = compared ? [pair.a, pair.b] : [pair.a]
    const change = compared ? changeKindOf(pair) : undefined
    const records = sides.filter((side) => side !== undefined)
    const addressed = records.some(isAddressed)
    const ends = new Set(records.map(endOf))
    const whole = addressed || change !== undefined || ends.has("replied") || ends.has("failed")
    return { record, sides, addressed, change, whole }
  }

  return {
    add: (pair: Pair): void => {
      const record = pair.a ?? pair.b
      if (record === undefined) return
      const event = eventOf(pair, record)
      if (!event.whole) {
        if (bytes > budget.all) {
          leftOut++
          return
        }
        bytes += (record.content?.line?.length ?? 0) + rowBytes
      }
      events.push(event)
    },
    /** `from` is when the first event arrived, epoch ms. */
    result: (from: number): Timeline => {
      const timeline = drawn(events, from, budget)
      return { ...timeline, leftOut: timeline.leftOut + leftOut }
    }
  }
}

const drawn = (events: ReadonlyArray<TimelineEvent>, from: number, budget: TimelineBudget): Timeline => {
  const maker = rowMaker(budget.prompts)
  // First what is always shown: it decides how much of the rest fits.
  const whole = events.map((event) => event.whole ? maker.row(event) : undefined)
  const rows = events.flatMap((event, index) => {
    const row = whole[index] ?? (maker.bytes() <= budget.all ? maker.row(event) : undefined)
    return row === undefined ? [] : [row]
  })
  const { endings, sources, steps, stories, texts } = maker
  return {
    from,
    sources,
    changes: changeKinds,
    shorts: shortEnds,
    texts,
    steps,
    stories,
    endings,
    rows: rows.map(([at, ...row], index): Row => [at - (rows[index - 1]?.[0] ?? from), ...row]),
    leftOut: events.length - rows.length,
    promptsLeftOut: maker.promptsLeftOut()
  }
}

/** The timeline of one run or two. */
export const timelineOf = (runs: ReplayRuns, budget: TimelineBudget = usual): Timeline => {
  const [a, b] = runs
  const tally = timelineTally(a.botNames, b !== undefined, budget)
  for (const pair of pairsOf(a.decisions, b?.decisions ?? [])) tally.add(pair)
  return tally.result(a.from)
}
