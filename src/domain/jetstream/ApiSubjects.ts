import type { Partition } from "../ownership/Partition.ts"
import { eventsOf } from "./StreamNames.ts"
import type { PlannedStream } from "./StreamPlan.ts"

/** What the bot asks JetStream's API for about its streams, as far as a question without a meaning can try it (N2). */
export const apiSubjects = (
  prefix: string,
  streams: ReadonlyArray<PlannedStream>,
  partition: Partition
): ReadonlyArray<string> => {
  const api = (...parts: ReadonlyArray<string>): string => ["$JS", "API", ...parts].join(".")
  const events = `${prefix}_IN`
  const consumer = `p${partition}`
  return [
    api("STREAM", "NAMES"),
    ...streams.flatMap(({ name }) => ["INFO", "CREATE", "UPDATE"].map((verb) => api("STREAM", verb, name))),
    ...streams.filter(({ maxPerSubject }) => maxPerSubject !== undefined).map(({ name }) =>
      api("STREAM", "MSG", "DELETE", name)
    ),
    api("CONSUMER", "LIST", events),
    api("CONSUMER", "INFO", events, consumer),
    api("CONSUMER", "CREATE", events, consumer, eventsOf(prefix, partition))
  ]
}
