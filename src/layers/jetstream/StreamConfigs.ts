import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from "@nats-io/jetstream"
import type { PlannedStream } from "../../domain/jetstream/StreamPlan.ts"

const nanos = (ms: number): number => ms * 1_000_000

/** A planned stream in the words of JetStream's API: only what every server since the oldest one knows. */
export const configOf = (plan: PlannedStream): Partial<StreamConfig> & Pick<StreamConfig, "name" | "subjects"> => ({
  name: plan.name,
  description: plan.description,
  subjects: [...plan.subjects],
  storage: StorageType.File,
  retention: RetentionPolicy.Limits,
  num_replicas: plan.replicas,
  max_age: nanos(plan.maxAgeMs ?? 0),
  max_bytes: plan.maxBytes ?? -1,
  max_msgs: plan.maxMessages ?? -1,
  max_msgs_per_subject: plan.maxPerSubject ?? -1,
  discard: plan.maxPerSubject === undefined ? DiscardPolicy.Old : DiscardPolicy.New,
  ...(plan.maxPerSubject === undefined ? {} : { discard_new_per_subject: true }),
  ...(plan.duplicateWindowMs === undefined ? {} : { duplicate_window: nanos(plan.duplicateWindowMs) }),
  ...(plan.republish === undefined ? {} : { republish: plan.republish })
})

const text = (value: unknown): string =>
  JSON.stringify(Array.isArray(value) ? value.map(String).toSorted() : value) ?? ""

/** The fields in which a stream is not as planned. */
export const differences = (is: StreamConfig, planned: Partial<StreamConfig>): ReadonlyArray<string> => {
  const actual = new Map<string, unknown>(Object.entries(is))
  return Object.entries(planned).filter(([field, value]) => text(actual.get(field)) !== text(value)).map(([field]) =>
    field
  )
}
