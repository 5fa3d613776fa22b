import { Effect, Metric } from "effect"
import type { EventType } from "../domain/ChatEvent.ts"
import type { ChannelName } from "../domain/Ids.ts"

const counter = (name: string, description: string) => Metric.counter(name, { description, incremental: true })

const metrics = {
  eventsReceived: counter("events_received_total", "Events that came from NATS"),
  eventsInvalid: counter("events_invalid_total", "Events that could not be decoded"),
  eventsDropped: counter("events_dropped_total", "Events dropped because a channel's queue was full"),
  triggersFired: counter("triggers_fired_total", "Triggers that fired and were admitted"),
  triggersSuppressed: counter("triggers_suppressed_total", "Triggers that matched and were refused"),
  llmRequests: counter("llm_requests_total", "Requests to the model, one per HTTP attempt"),
  outboxDropped: counter("outbox_dropped_total", "Replies dropped while NATS was away"),
  responsesSent: counter("responses_sent_total", "Replies sent"),
  responsesFiltered: counter("responses_filtered_total", "Answers dropped before sending")
} as const

type Name = keyof typeof metrics

/** The labels a counter may have. Names of people are never among them (N4). */
export type Labels = Readonly<{
  channel?: ChannelName
  event_type?: EventType
  trigger_type?: string
  target_type?: "chat" | "pm"
  model?: string
  status?: string
  reason?: string
}>

/** Adds one to a counter (OPERATIONS, metrics). */
export const count = (name: Name, labels: Labels): Effect.Effect<void> =>
  Metric.update(Metric.withAttributes(metrics[name], labels), 1)

/** A counter's sum over all its labels, as `/health` shows it. */
export const total = (name: Name): Effect.Effect<number> =>
  Effect.map(Metric.snapshot, (all) =>
    all.reduce(
      (sum, snapshot) =>
        snapshot.type === "Counter" && snapshot.id === metrics[name].id ? sum + Number(snapshot.state.count) : sum,
      0
    ))
