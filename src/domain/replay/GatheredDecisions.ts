import type { DecisionRecord } from "../decision/Decision.ts"

const keyOf = ({ arrivedAt, correlationId, eventType }: DecisionRecord): string =>
  `${correlationId} ${arrivedAt} ${eventType}`

interface Closed {
  record: DecisionRecord
}

/** Gathers decisions as they are closed and amended, until they are taken. */
export const gatherDecisions = () => {
  let closed: Array<Closed> = []
  // The replies by their key: only they are amended, and a line may arrive twice in a moment.
  const replies = new Map<string, Closed>()

  /** In the order of arrival; those that arrived together in the order in which they were closed. */
  const inOrder = (some: ReadonlyArray<Closed>): ReadonlyArray<DecisionRecord> =>
    some.map(({ record }) => record).toSorted((one, other) => one.arrivedAt - other.arrivedAt)

  return {
    add: (record: DecisionRecord): void => {
      const reply = record.delivery === undefined ? undefined : replies.get(keyOf(record))
      if (reply !== undefined) {
        reply.record = record
        return
      }
      const added = { record }
      closed.push(added)
      if (record.outcome?._tag === "Replied") replies.set(keyOf(record), added)
    },
    /** Those that arrived before a time, epoch ms, in order. They are not amended any more. */
    take: (before: number): ReadonlyArray<DecisionRecord> => {
      const taken = closed.filter(({ record }) => record.arrivedAt < before)
      if (taken.length === 0) return []
      closed = closed.filter(({ record }) => record.arrivedAt >= before)
      for (const { record } of taken) if (record.outcome?._tag === "Replied") replies.delete(keyOf(record))
      return inOrder(taken)
    },
    /** Those that were not taken. */
    all: (): ReadonlyArray<DecisionRecord> => inOrder(closed)
  }
}
