import type { ChatEvent } from "../ChatEvent.ts"
import type { SkipReason, TriggerResult } from "../decision/Decision.ts"
import { hashToUnit } from "../Hash.ts"
import { EntryKey, type EventIdentity } from "../Ids.ts"
import type { PhraseMatcher } from "../PhraseMatch.ts"
import { type TriggerEntries, type TriggerEntry, type TriggerName, triggerOrder, triggerTypes } from "./TriggerEntry.ts"
import type { TriggerType } from "./TriggerType.ts"

/** One entry of a trigger list, ready to be tested. */
export interface CompiledTrigger extends Pick<TriggerType<never>, "asked" | "on"> {
  readonly key: EntryKey
  readonly entry: TriggerEntry
  /** The match; nothing when the text does not meet the condition. */
  readonly matches: PhraseMatcher
}

const compile = <Name extends TriggerName>(
  name: Name,
  entry: TriggerEntries[Name],
  names: ReadonlyArray<string>
): Pick<CompiledTrigger, "asked" | "matches" | "on"> => {
  const { asked, compile, on } = triggerTypes[name]
  return { asked, on, matches: compile(entry, names) }
}

/** Compiles a channel's trigger list once per configuration; `names` are the bot's name and aliases. */
export const compileTriggers = (
  entries: ReadonlyArray<TriggerEntry>,
  names: ReadonlyArray<string>
): ReadonlyArray<CompiledTrigger> =>
  // Entries of one type keep their order.
  triggerOrder.flatMap((type) =>
    entries.filter((entry) => entry.type === type).map((entry, index) => ({
      key: EntryKey.make(index === 0 ? type : `${type} ${index + 1}`),
      entry,
      ...compile(entry.type, entry, names)
    }))
  )

/** What cooldown and dice depend on. */
export interface ChanceFacts {
  readonly seed: number
  /** Dear to make, so it is made where dice are drawn. */
  readonly identity: () => EventIdentity
  /** ms left of the entry's cooldown. */
  readonly cooldownRemaining: (trigger: CompiledTrigger) => number
  /** Losing draws in a row of the entry for this user (`max_unlucky_draws`). */
  readonly unluckyDraws: (trigger: CompiledTrigger) => number
}

/** What a trigger's test depends on. */
export interface TriggerFacts extends ChanceFacts {
  readonly text: string
  /** A pm is tested by pm entries only, and no other event by them (F3). */
  readonly private: boolean
}

/** The result of testing one entry. */
export interface TriggerTest {
  readonly trigger: CompiledTrigger
  readonly result: TriggerResult
}

/** Whether a trigger fired, and every test that led there. */
export type TriggerDecision =
  | { readonly _tag: "Fired"; readonly trigger: CompiledTrigger; readonly tests: ReadonlyArray<TriggerTest> }
  | {
    readonly _tag: "NotFired"
    readonly reason: Extract<SkipReason, "no_match" | "cooldown" | "probability">
    readonly tests: ReadonlyArray<TriggerTest>
  }

/** The draw of one entry for one event: a function of seed, event and entry alone, so order never matters (F3). */
export const draw = (seed: number, identity: EventIdentity, key: EntryKey): number =>
  hashToUnit(["draw", seed, identity, key])

/** Cooldown, then probability: the gates behind a met condition (F3). */
export const chance = (trigger: CompiledTrigger, matched: string, facts: ChanceFacts): TriggerResult => {
  const { entry, key } = trigger
  const remainingMs = facts.cooldownRemaining(trigger)
  if (remainingMs > 0) return { _tag: "Cooldown", matched, remainingMs, cooldownMs: entry.cooldown_seconds * 1000 }
  const unlucky = facts.unluckyDraws(trigger)
  const roll = { matched, draw: draw(facts.seed, facts.identity(), key), needed: entry.fire_probability, unlucky }
  const due = entry.max_unlucky_draws._tag === "Some" && entry.fire_probability > 0 &&
    unlucky >= entry.max_unlucky_draws.value
  return { _tag: due || roll.draw < roll.needed ? "Fired" : "Probability", ...roll }
}

const disabled: TriggerResult = { _tag: "Disabled" }
const noMatch: TriggerResult = { _tag: "NoMatch" }

const test = (trigger: CompiledTrigger, facts: TriggerFacts): TriggerResult => {
  if (!trigger.entry.enabled) return disabled
  const matched = trigger.matches(facts.text)
  return matched === undefined ? noMatch : chance(trigger, matched, facts)
}

const reasonOf = (tests: ReadonlyArray<TriggerTest>): "no_match" | "cooldown" | "probability" => {
  const refusal = tests.find(({ result }) => result._tag === "Cooldown" || result._tag === "Probability")
  return refusal === undefined ? "no_match" : refusal.result._tag === "Cooldown" ? "cooldown" : "probability"
}

/** Tests the entries in order until one fires: enabled → condition → cooldown → probability (F3). */
export const evaluateTriggers = (
  triggers: ReadonlyArray<CompiledTrigger>,
  facts: TriggerFacts
): TriggerDecision => {
  const tests: Array<TriggerTest> = []
  for (const trigger of triggers) {
    if (trigger.on !== (facts.private ? "pm" : "line")) continue
    const result = test(trigger, facts)
    tests.push({ trigger, result })
    if (result._tag === "Fired") return { _tag: "Fired", trigger, tests }
  }
  return { _tag: "NotFired", reason: reasonOf(tests), tests }
}

/** Whether an event may begin a reply or changes the bot's state: kept before other lines in a flood. */
export const canTrigger = (event: ChatEvent, triggers: ReadonlyArray<CompiledTrigger>): boolean => {
  if (event._tag === "Other") return false
  if (event._tag !== "ChatMsg") return true
  return triggers.some(({ entry, matches, on }) => entry.enabled && on === "line" && matches(event.text) !== undefined)
}
