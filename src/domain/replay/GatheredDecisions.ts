import type { DecisionRecord } from "../decision/Decision.ts"

const keyOf = ({ arrivedAt, correlationId, eventType }: DecisionRecord): string =>
  `${correlationId} ${arrivedAt} ${eventType}`

/** Gathers decisions as they are closed and amended. */
export const gatherDecisions = () => {
  const closed: Array<DecisionRecord> = []
  // The index of the reply under each key: only replies are amended, and a line may arrive twice in a moment.
  const places = new Map<string, number>()
  return {
    add: (record: DecisionRecord): void => {
      const key = keyOf(record)
      const place = record.delivery === undefined ? undefined : places.get(key)
      if (place !== undefined) {
        closed[place] = record
        return
      }
      closed.push(record)
      if (record.outcome?._tag === "Replied") places.set(key, closed.length - 1)
    },
    /** In the order of arrival; those that arrived together in the order in which they were closed. */
    all: (): ReadonlyArray<DecisionRecord> => closed.toSorted((one, other) => one.arrivedAt - other.arrivedAt)
  }
}
