import { decidingIndex, type StepTone, toneOf } from "../decision/DecidingStep.ts"
import { DecisionRecord } from "../decision/Decision.ts"
import { deliveryText, endText, stepText } from "../decision/DecisionText.ts"
import { ChangeKind } from "./ReplayComparison.ts"
import { endOf } from "./ReplayEnd.ts"

/** A passage of a prompt: its role and its lines, as indices into the texts. */
export type Passage = readonly [role: string, ...lines: ReadonlyArray<number>]

/** Details of a decision shown whole: the times of its steps and the texts of prompt, answer and reply. */
export interface Details {
  readonly id: string
  /** ms since arrival, for each step. */
  readonly at: ReadonlyArray<number>
  readonly delivery?: string
  readonly prompt?: ReadonlyArray<Passage>
  readonly answer?: string
  /** The answer after each processing step that changed it. */
  readonly processing?: ReadonlyArray<readonly [step: string, text: string]>
  readonly reply?: string
}

/**
 * An end: in one word, in words, and its story, as indices into texts and stories; then the index
 * in the story of the step that decided, -1 where no single one did.
 */
export type Ending = readonly [end: number, words: number, story: number, deciding: number]

/** The sign of a step's tone, written before its text. */
export const toneSigns: Readonly<Record<StepTone, string>> = { go: "+", pass: " ", stop: "!", fail: "x", idle: "." }

/** A decision: the index of its ending, and the details if shown whole. 0: a run made no such decision. */
export type Cell = number | readonly [ending: number, details: Details]

/** The event types; a row holds the index. */
export const eventTypes = DecisionRecord.fields.eventType.literals

/** The kinds of change; a row holds the index, from 1. */
export const changeKinds = ChangeKind.literals

/**
 * An event: ms since the one before, its type, the user (index into the texts, -1 for none), whether it addressed the
 * bot, the line, the change from A to B (0: none), and the decision of each run.
 */
export type Row = readonly [
  since: number,
  type: number,
  user: number,
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
    place: (thing: T, key: string): number => {
      const place = places.get(key)
      if (place !== undefined) return place
      places.set(key, all.length)
      bytes += bytesOf(key) + 3
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
  const stories = keep<ReadonlyArray<number>>()
  // Index 0 stands for no decision.
  const endings = keep<Ending | 0>()
  endings.place(0, "")
  const text = (words: string): number => texts.place(words, words)
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

  const processingOf = (content: DecisionRecord["content"]): Pick<Details, "processing"> => {
    const { answer, processing = [] } = content ?? {}
    const changes = processing.filter(({ text }, index) => text !== (processing[index - 1]?.text ?? answer))
    spent.rows += changes.reduce((sum, { text }) => sum + bytesOf(text) + 20, 0)
    return changes.length === 0 ? {} : { processing: changes.map(({ step, text }) => [step, text]) }
  }

  const detailsOf = ({ content, correlationId, delivery, steps }: DecisionRecord): Details => {
    spent.rows += bytesOf(content?.answer ?? "") + bytesOf(content?.reply ?? "") + 100 + 6 * steps.length
    return {
      id: correlationId,
      at: steps.map(({ at }) => Math.round(at)),
      ...(delivery === undefined ? {} : { delivery: deliveryText(delivery) }),
      ...promptOf(content?.prompt),
      ...(content?.answer === undefined ? {} : { answer: content.answer }),
      ...processingOf(content),
      ...(content?.reply === undefined ? {} : { reply: content.reply })
    }
  }

  const cellOf = (record: DecisionRecord, whole: boolean): Cell => {
    const steps = record.steps.map((step) => text(`${toneSigns[toneOf(step)]}${stepText(step)}`))
    const story = stories.place(steps, steps.join())
    const ending: Ending = [text(endOf(record)), text(endText(record)), story, decidingIndex(record) ?? -1]
    const place = endings.place(ending, ending.join())
    return whole ? [place, detailsOf(record)] : place
  }

  return {
    texts: texts.all,
    stories: stories.all,
    endings: endings.all,
    bytes: () => texts.bytes() + stories.bytes() + endings.bytes() + spent.rows,
    promptsLeftOut: () => promptsLeftOut,
    /** The row of an event; its time is still the arrival, epoch ms. */
    row: ({ addressed, change, record, sides, whole }: TimelineEvent): Row => {
      const line = record.content?.line ?? ""
      const user = record.username === undefined ? -1 : text(record.username)
      spent.rows += bytesOf(line) + 30
      const cells = sides.map((side) => side === undefined ? 0 : cellOf(side, whole))
      const kind = change === undefined ? 0 : changeKinds.indexOf(change) + 1
      return [record.arrivedAt, eventTypes.indexOf(record.eventType), user, addressed ? 1 : 0, line, kind, ...cells]
    }
  }
}
