import type { DecisionRecord } from "../decision/Decision.ts"

/** The decisions of two runs about one event; an evaluation of the room may exist in only one of them. */
export interface Pair {
  readonly a: DecisionRecord | undefined
  readonly b: DecisionRecord | undefined
}

const eventOf = ({ channel, correlationId }: DecisionRecord): string => `${channel.toLowerCase()} ${correlationId}`

const arrival = ({ a, b }: Pair): number => a?.arrivedAt ?? b?.arrivedAt ?? 0

/** Pairs the decisions of two runs of a log, in order of arrival. */
export const pairsOf = (a: ReadonlyArray<DecisionRecord>, b: ReadonlyArray<DecisionRecord>): ReadonlyArray<Pair> => {
  // The same event may arrive more than once.
  const ofB = new Map<string, Array<DecisionRecord>>()
  for (const record of b) {
    const event = eventOf(record)
    const others = ofB.get(event)
    if (others === undefined) ofB.set(event, [record])
    else others.push(record)
  }
  const both = a.map((record): Pair => ({ a: record, b: ofB.get(eventOf(record))?.shift() }))
  const onlyB = [...ofB.values()].flat().map((record): Pair => ({ a: undefined, b: record }))
  return [...both, ...onlyB].toSorted((one, other) => arrival(one) - arrival(other))
}
