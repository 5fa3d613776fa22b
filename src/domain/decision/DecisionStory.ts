import type { DecisionRecord, Step } from "./Decision.ts"
import { opensAfterMs, refusedEntry, type StepTone, toneOf } from "./DecidingStep.ts"
import { deliveryText, endText, eventText, headlineText, outcomeDetail, stepText, waitName } from "./DecisionText.ts"
import { limitFigures, limitName } from "./LimitText.ts"
import type { EntryKey } from "../Ids.ts"
import { dropText, shortReasonText } from "./SkipText.ts"

/** A step as a page shows it. */
export interface StoryStep {
  readonly text: string
  readonly tone: StepTone
  /** Of a limit or a wait: what it counts or waits for. */
  readonly name?: string
  /** Of a limit: its value against its maximum. */
  readonly figures?: string
  /** Of a processing step: why it dropped the answer. */
  readonly dropped?: string
}

/** A decision in words and what follows from it, for a page that only shows it. */
export interface Story {
  /** The event. */
  readonly head: string
  /** The decision as a full sentence. */
  readonly headline: string
  /** Further details; absent where there are none. */
  readonly detail?: string
  /** The reason of a silence in a word or two. */
  readonly short?: string
  /** The decision, as in the terminal and the logs. */
  readonly outcome: string
  readonly steps: ReadonlyArray<StoryStep>
  /** The trigger entry that met the refusal. */
  readonly entry?: EntryKey
  /** ms after the arrival at which the step that refused may allow it. */
  readonly opensAfterMs?: number
  readonly delivery?: string
}

const aboutStep = (step: Step): Omit<StoryStep, "text" | "tone"> => {
  switch (step._tag) {
    case "Limit":
      return { name: limitName(step), figures: limitFigures(step) }
    case "Waited":
      return { name: waitName(step) }
    case "Processed":
      return step.dropped === undefined ? {} : { dropped: dropText(step.dropped) }
    default:
      return {}
  }
}

/** Tells a step; its time does not matter. */
export const stepStory = (step: Step): StoryStep => ({ text: stepText(step), tone: toneOf(step), ...aboutStep(step) })

/** Tells a record's story. */
export const storyOf = (record: DecisionRecord): Story => {
  const { delivery, outcome, steps } = record
  const detail = outcomeDetail(outcome)
  const entry = refusedEntry(record)
  const opens = opensAfterMs(record)
  return {
    head: eventText(record),
    headline: headlineText(record),
    ...(detail === "" ? {} : { detail }),
    ...(outcome?._tag === "Skipped" ? { short: shortReasonText(outcome.reason) } : {}),
    outcome: endText(record),
    steps: steps.map(stepStory),
    ...(entry === undefined ? {} : { entry }),
    ...(opens === undefined ? {} : { opensAfterMs: opens }),
    ...(delivery === undefined ? {} : { delivery: deliveryText(delivery) })
  }
}
