import { Schema } from "effect"
import type { DecisionRecord } from "../decision/Decision.ts"
import { EntryKey } from "../Ids.ts"
import { triggerOrder } from "../triggers/TriggerEntry.ts"
import { addOne, EndCount, endOf, rankedEnds, type ReplayEnd } from "./ReplayEnd.ts"

/** The results of one trigger entry. */
export const TriggerCount = Schema.Struct({
  entry: EntryKey,
  /** How often its condition was met. */
  matched: Schema.Finite,
  /** How often it fired and was admitted, as `triggers_fired_total` counts. */
  fired: Schema.Finite,
  replied: Schema.Finite,
  /** What stopped its matches; together with the replies these are all matches. */
  refused: Schema.Array(EndCount)
})
export type TriggerCount = typeof TriggerCount.Type

interface Count {
  matched: number
  fired: number
  replied: number
  readonly refused: Map<ReplayEnd, number>
}

const types: ReadonlyArray<string> = triggerOrder
const rank = (entry: EntryKey): readonly [number, number] => {
  const [type = "", number = "1"] = entry.split(" ")
  return [types.indexOf(type), Number(number)]
}

const inFileOrder = (a: EntryKey, b: EntryKey): number => {
  const [type, number] = rank(a)
  const [otherType, otherNumber] = rank(b)
  return type - otherType || number - otherNumber
}

const count = (counts: Map<EntryKey, Count>, record: DecisionRecord): void => {
  for (const step of record.steps) {
    if (step._tag !== "Trigger" || step.result._tag === "Disabled") continue
    const counters = counts.get(step.entry) ??
      { matched: 0, fired: 0, replied: 0, refused: new Map<ReplayEnd, number>() }
    counts.set(step.entry, counters)
    switch (step.result._tag) {
      case "NoMatch":
        break
      case "Cooldown":
        counters.matched++
        addOne(counters.refused, "cooldown")
        break
      case "Probability":
        counters.matched++
        addOne(counters.refused, "probability")
        break
      case "Fired":
        counters.matched++
        if (record.steps.some((admitted) => admitted._tag === "Admitted" && admitted.entry === step.entry)) {
          counters.fired++
        }
        if (endOf(record) === "replied") counters.replied++
        else addOne(counters.refused, endOf(record))
    }
  }
}

/** Counts the results of every entry that was tested. */
export const triggersTally = () => {
  // As many as the configuration has entries.
  const counts = new Map<EntryKey, Count>()
  return {
    add: (record: DecisionRecord): void => count(counts, record),
    result: (): ReadonlyArray<TriggerCount> =>
      [...counts].toSorted(([a], [b]) => inFileOrder(a, b))
        .map(([entry, counters]) => ({ entry, ...counters, refused: rankedEnds(counters.refused) }))
  }
}
