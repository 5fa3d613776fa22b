import { decidingIndex } from "../decision/DecidingStep.ts"
import type { DecisionRecord, Step } from "../decision/Decision.ts"
import { deliveryText, eventText, headlineText, outcomeDetail } from "../decision/DecisionText.ts"
import { stepStory, type StoryStep } from "../decision/DecisionStory.ts"
import { ChangeKind } from "./ReplayComparison.ts"
import { endOf, endWords } from "./ReplayEnd.ts"

/** A passage of a prompt: its role and its lines, as indices into the texts. */
export type Passage = readonly [role: string, ...lines: ReadonlyArray<number>]

/** Details of a decision shown whole: the times of its steps and the texts of prompt, answer and reply. */
export interface Details {
  readonly id: string
  /** ms since arrival, for each step. */
  readonly at: ReadonlyArray<number>
  readonly delivery?: string
  /** ms from its sending until the reply was seen in the room. */
  readonly seenAfterMs?: number
  readonly prompt?: ReadonlyArray<Passage>
  readonly answer?: string
  /** The answer after each processing step that changed it. */
  readonly processing?: ReadonlyArray<readonly [step: string, text: string]>
  readonly reply?: string
}

/** A step, its time 0, and how a page tells it. */
export type ToldStep = readonly [step: Step, told: StoryStep]

/**
 * An end: in one word, as a sentence, and its details, as indices into the texts; its story, as an index into the
 * stories; then the index in the story of the step that decided, -1 where no single one did.
 */
export type Ending = readonly [end: number, headline: number, detail: number, story: number, deciding: number]

/** A decision: the index of its ending, and the details if shown whole. 0: a run made no such decision. */
export type Cell = number | readonly [ending: number, details: Details]

/** What kind of event came from whom (empty for nobody), and both in words. */
export type Source = readonly [type: DecisionRecord["eventType"], user: string, head: string]

/** The kinds of change; a row holds the index, from 1. */
export const changeKinds = ChangeKind.literals

/**
 * An event: ms since the one before, its source (an index), whether it addressed the bot, the line, the change from A
 * to B (0: none), and the decision of each run.
 */
export type Row = readonly [
  since: number,
  source: number,
  addressed: 0 | 1,
  text: string,
  change: number,
  ...cells: ReadonlyArray<Cell>
]

/** Interned values, each stored once and named by its index. As many as the rows name. */
const keep = <T>() => {
  const all: Array<T> = []
  const places = new Map<string, number>()
  let bytes = 0
  return {
    all,
    bytes: () => bytes,
    place: (key: string, make: () => T): number => {
      const place = places.get(key)
      if (place !== undefined) return place
      places.set(key, all.length)
      const thing = make()
      bytes += bytesOf(JSON.stringify(thing)) + 1
      return all.push(thing) - 1
    }
  }
}

const ascii = /^[\x20-\x7E]*$/

/** The approximate size of a text in a file, bytes. */
const bytesOf = (text: string): number => ascii.test(text) ? text.length : text.length * 3

/** An event to make a row of. */
export interface TimelineEvent {
  /** One of the decisions about it. */
  readonly record: DecisionRecord
  /** What each run decided about it. */
  readonly sides: ReadonlyArray<DecisionRecord | undefined>
  readonly addressed: boolean
  readonly change: ChangeKind | undefined
  /** With times and texts. */
  readonly whole: boolean
}

/** Makes the rows of a timeline and estimates their size. At most `promptBytes` go to prompts. */
export const rowMaker = (promptBytes: number) => {
  const texts = keep<string>()
  const steps = keep<ToldStep>()
  const sources = keep<Source>()
  const stories = keep<ReadonlyArray<number>>()
  // Index 0 stands for no decision.
  const endings = keep<Ending | 0>()
  endings.place("", () => 0)
  const text = (words: string): number => texts.place(words, () => words)
  const stepPlace = (timed: Step): number => {
    const step = { ...timed, at: 0 }
    return steps.place(JSON.stringify(step), () => [step, stepStory(step)])
  }
  const spent = { rows: 0, prompts: 0 }
  let promptsLeftOut = 0

  /** Prompts share most of their lines with others. */
  const promptOf = (prompt: NonNullable<DecisionRecord["content"]>["prompt"]): Pick<Details, "prompt"> => {
    if (prompt === undefined) return {}
    if (spent.prompts > promptBytes) {
      promptsLeftOut++
      return {}
    }
    const before = texts.bytes()
    const passages = prompt.map(({ content, role }): Passage => [role, ...content.split("\n").map(text)])
    const places = passages.reduce((sum, { length }) => sum + 7 * length, 0)
    spent.rows += places
    spent.prompts += places + texts.bytes() - before
    return { prompt: passages }
  }

  const processingOf = (
    { answer, processing }: NonNullable<DecisionRecord["content"]>
  ): Pick<Details, "processing"> => {
    if (processing === undefined) return {}
    const changes = processing.filter(({ text }, index) => text !== (processing[index - 1]?.text ?? answer))
    spent.rows += changes.reduce((sum, { text }) => sum + bytesOf(text) + 20, 20)
    return { processing: changes.map(({ step, text }) => [step, text]) }
  }

  const detailsOf = ({ content, correlationId, delivery, steps }: DecisionRecord): Details => {
    spent.rows += bytesOf(content?.answer ?? "") + bytesOf(content?.reply ?? "") + 120 + 6 * steps.length
    return {
      id: correlationId,
      at: steps.map(({ at }) => Math.round(at)),
      ...(delivery === undefined ? {} : { delivery: deliveryText(delivery) }),
      ...(delivery?._tag === "Delivered" ? { seenAfterMs: Math.round(delivery.afterMs) } : {}),
      ...promptOf(content?.prompt),
      ...(content?.answer === undefined ? {} : { answer: content.answer }),
      ...(content === undefined ? {} : processingOf(content)),
      ...(content?.reply === undefined ? {} : { reply: content.reply })
    }
  }

  const cellOf = (record: DecisionRecord, whole: boolean): Cell => {
    const end = endOf(record)
    const story = record.steps.map(stepPlace)
    const ending: Ending = [
      text(end),
      text(end === "under_way" ? endWords(end) : headlineText(record)),
      text(outcomeDetail(record.outcome)),
      stories.place(story.join(), () => story),
      decidingIndex(record) ?? -1
    ]
    const place = endings.place(ending.join(), () => ending)
    return whole ? [place, detailsOf(record)] : place
  }

  return {
    texts: texts.all,
    steps: steps.all,
    sources: sources.all,
    stories: stories.all,
    endings: endings.all,
    bytes: () => texts.bytes() + steps.bytes() + sources.bytes() + stories.bytes() + endings.bytes() + spent.rows,
    promptsLeftOut: () => promptsLeftOut,
    /** The row of an event; its time is still the arrival, epoch ms. */
    row: ({ addressed, change, record, sides, whole }: TimelineEvent): Row => {
      const line = record.content?.line ?? ""
      const source = sources.place(
        `${record.eventType} ${record.username ?? ""}`,
        () => [record.eventType, record.username ?? "", eventText(record)]
      )
      spent.rows += bytesOf(line) + 30
      const cells = sides.map((side) => side === undefined ? 0 : cellOf(side, whole))
      const kind = change === undefined ? 0 : changeKinds.indexOf(change) + 1
      return [
        record.arrivedAt,
        source,
        addressed ? 1 : 0,
        line,
        kind,
        ...cells
      ]
    }
  }
}
