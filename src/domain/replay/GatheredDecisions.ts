import type { DecisionRecord } from "../Decision.ts"

const keyOf = ({ arrivedAt, correlationId, eventType }: DecisionRecord): string => `${correlationId} ${arrivedAt} ${eventType}`

/** Gathers decisions as they are closed and amended. */
export const gatherDecisions = () => {
  const closed: Array<DecisionRecord> = []
  // The place of each decision that was closed last under its key: an amendment belongs to it.
  const places = new Map<string, number>()
  return {
    add: (record: DecisionRecord): void => {
      const key = keyOf(record)
      const place = record.delivery === undefined ? undefined : places.get(key)
      if (place !== undefined) closed[place] = record
      else places.set(key, closed.push(record) - 1)
    },
    /** In the order of arrival; those that arrived together in the order in which they were closed. */
    all: (): ReadonlyArray<DecisionRecord> => closed.toSorted((one, other) => one.arrivedAt - other.arrivedAt)
  }
}
