import type { ChatEvent } from "../ChatEvent.ts"
import type { SkipReason, TriggerResult } from "../decision/Decision.ts"
import { type UnmetEntries, unmetEntries } from "../decision/QuietDecision.ts"
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

/** No enabled entry's condition is met. */
export interface Unmet {
  readonly _tag: "Unmet"
  readonly reason: "no_match"
  readonly tests: ReadonlyArray<TriggerTest>
  readonly entries: UnmetEntries
}

/** Whether a trigger fired, and every test that led there. */
export type TriggerDecision =
  | { readonly _tag: "Fired"; readonly trigger: CompiledTrigger; readonly tests: ReadonlyArray<TriggerTest> }
  | {
    readonly _tag: "NotFired"
    readonly reason: Extract<SkipReason, "cooldown" | "probability">
    readonly tests: ReadonlyArray<TriggerTest>
  }
  | Unmet

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

const disabled = { _tag: "Disabled" } as const
const noMatch = { _tag: "NoMatch" } as const

const test = (trigger: CompiledTrigger, facts: TriggerFacts): TriggerResult => {
  if (!trigger.entry.enabled) return disabled
  const matched = trigger.matches(facts.text)
  return matched === undefined ? noMatch : chance(trigger, matched, facts)
}

const unmetOn = (triggers: ReadonlyArray<CompiledTrigger>, on: CompiledTrigger["on"]): Unmet => {
  const tests = triggers.filter((trigger) => trigger.on === on)
    .map((trigger) => ({ trigger, result: trigger.entry.enabled ? noMatch : disabled }))
  const entries = unmetEntries(tests.map(({ result, trigger }) => ({ entry: trigger.key, result })))
  return { _tag: "Unmet", reason: "no_match", tests, entries }
}

// Nearly every line comes to this, so it is made once a list.
const unmetByList = new WeakMap<ReadonlyArray<CompiledTrigger>, Readonly<Record<"line" | "pm", Unmet>>>()

const unmetOf = (triggers: ReadonlyArray<CompiledTrigger>, isPm: boolean): Unmet => {
  let unmet = unmetByList.get(triggers)
  if (unmet === undefined) {
    unmet = { line: unmetOn(triggers, "line"), pm: unmetOn(triggers, "pm") }
    unmetByList.set(triggers, unmet)
  }
  return isPm ? unmet.pm : unmet.line
}

const isOn = ({ on }: CompiledTrigger, facts: Pick<TriggerFacts, "private">): boolean =>
  on === (facts.private ? "pm" : "line")

/** What the tests come to where no enabled entry's condition is met: chance, and what it depends on, has no say then. */
export const unmet = (
  triggers: ReadonlyArray<CompiledTrigger>,
  facts: Pick<TriggerFacts, "private" | "text">
): Unmet | undefined => {
  for (const trigger of triggers) {
    if (isOn(trigger, facts) && trigger.entry.enabled && trigger.matches(facts.text) !== undefined) return undefined
  }
  return unmetOf(triggers, facts.private)
}

/** Tests the entries in order until one fires: enabled → condition → cooldown → probability (F3). */
export const evaluateTriggers = (
  triggers: ReadonlyArray<CompiledTrigger>,
  facts: TriggerFacts
): TriggerDecision => {
  const tests: Array<TriggerTest> = []
  for (const trigger of triggers) {
    if (!isOn(trigger, facts)) continue
    const result = test(trigger, facts)
    tests.push({ trigger, result })
    if (result._tag === "Fired") return { _tag: "Fired", trigger, tests }
  }
  const refusal = tests.find(({ result }) => result._tag === "Cooldown" || result._tag === "Probability")
  if (refusal === undefined) return unmetOf(triggers, facts.private)
  return { _tag: "NotFired", reason: refusal.result._tag === "Cooldown" ? "cooldown" : "probability", tests }
}

/** Whether an event may begin a reply or changes the bot's state: kept before other lines in a flood. */
export const canTrigger = (event: ChatEvent, triggers: ReadonlyArray<CompiledTrigger>): boolean => {
  if (event._tag === "Other") return false
  if (event._tag !== "ChatMsg") return true
  return triggers.some(({ entry, matches, on }) => entry.enabled && on === "line" && matches(event.text) !== undefined)
}
