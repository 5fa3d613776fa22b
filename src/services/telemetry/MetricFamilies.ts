import { Metric } from "effect"
import type { ChannelName } from "../../domain/Ids.ts"

/** The labels there are, with their values. Names of people are never among them (N4). */
export interface AllLabels {
  readonly channel: ChannelName
  readonly event_type: string
  readonly trigger_type: string
  readonly target_type: "chat" | "pm"
  readonly limit_type: "channel_per_minute" | "channel_per_hour"
  readonly direction: "input" | "output"
  readonly model: string
  readonly status: string
  readonly reason: string
  readonly change: "gained" | "lost"
  readonly result: "success" | "failure" | "unchanged"
}

type Attributes = Readonly<Record<string, string>>

/** One metric with exactly these labels; a separate series for each of their values. */
export interface Family<Label extends keyof AllLabels> {
  readonly id: string
  readonly labels: ReadonlyArray<Label>
  readonly series: (attributes: Attributes) => Metric.Metric<number, unknown>
}

const counter = <const Label extends keyof AllLabels>(
  id: string,
  description: string,
  ...labels: ReadonlyArray<Label>
): Family<Label> => ({
  id,
  labels,
  series: (attributes) => Metric.counter(id, { description, incremental: true, attributes })
})
const histogram = <const Label extends keyof AllLabels>(
  id: string,
  description: string,
  label: Label,
  boundaries: ReadonlyArray<number>
): Family<Label> => ({
  id,
  labels: [label],
  series: (attributes) => Metric.histogram(id, { description, boundaries, attributes })
})
const gauge = (name: string, description: string) => Metric.gauge(name, { description })

/** The counters (OPERATIONS, metrics). */
export const counters = {
  eventsReceived: counter("events_received_total", "Events received from NATS", "channel", "event_type"),
  eventsInvalid: counter("events_invalid_total", "Events that failed to decode", "channel", "reason"),
  eventsDropped: counter("events_dropped_total", "Events dropped because too many waited", "channel"),
  triggersEvaluated: counter("triggers_evaluated_total", "Trigger conditions tested", "channel", "trigger_type"),
  triggersFired: counter("triggers_fired_total", "Triggers fired and admitted", "channel", "trigger_type"),
  triggersSuppressed: counter(
    "triggers_suppressed_total",
    "Triggers matched but suppressed",
    "channel",
    "trigger_type",
    "reason"
  ),
  llmRequests: counter("llm_requests_total", "LLM requests, one per HTTP attempt", "model", "status"),
  llmTokens: counter("llm_tokens_total", "LLM tokens of prompts and completions", "model", "direction"),
  responsesSent: counter("responses_sent_total", "Replies sent", "channel", "target_type"),
  responsesFiltered: counter("responses_filtered_total", "Replies dropped before sending", "channel", "reason"),
  responsesDelivered: counter("responses_delivered_total", "Replies confirmed by their echo", "channel"),
  responsesUnconfirmed: counter("responses_unconfirmed_total", "Replies without an echo", "channel", "reason"),
  responsesResent: counter(
    "responses_resent_total",
    "Lines sent again because they were not shown",
    "channel",
    "reason"
  ),
  outboxDropped: counter("outbox_dropped_total", "Replies dropped while NATS was disconnected", "reason"),
  announcementsInvalid: counter<never>(
    "announcements_invalid_total",
    "Lifecycle events of bridges that failed to decode"
  ),
  ownershipChanges: counter(
    "ownership_changes_total",
    "Partitions of the channels that this replica took or gave up",
    "change"
  ),
  configReloads: counter("config_reloads_total", "Configuration reloads", "result"),
  stateSaves: counter("state_saves_total", "Parts of the state that were saved, or were not", "result")
} as const

/** The histograms: of seconds, or characters. */
export const histograms = {
  llmRequestDuration: histogram("llm_request_duration_seconds", "LLM request duration", "model", [
    0.5,
    1,
    2,
    5,
    10,
    30
  ]),
  responseLength: histogram(
    "response_length_characters",
    "Length of sent replies",
    "channel",
    [10, 50, 100, 150, 200, 250, 300]
  ),
  eventProcessingDuration: histogram(
    "event_processing_duration_seconds",
    "Time from event arrival to decision",
    "channel",
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1]
  ),
  replyDuration: histogram(
    "reply_duration_seconds",
    "Time from trigger arrival to reply sent",
    "channel",
    [0.1, 0.5, 1, 2, 5, 10, 30, 60]
  )
} as const

/** The gauges. */
export const gauges = {
  contextWindowSize: gauge("context_window_size", "Lines in the channel's context window"),
  rateLimitRemaining: gauge("rate_limit_remaining", "Replies the channel's limit still allows"),
  natsConnected: gauge("nats_connected", "1 if connected to NATS, else 0"),
  bridgeFaults: gauge(
    "bridge_faults",
    "Reasons why the channel and its bridge do not reach each other, as /health names them"
  ),
  llmApiAvailable: gauge("llm_api_available", "1 if the LLM endpoint is available, else 0"),
  channelsMuted: gauge("channels_muted", "Channels in which a moderator muted the bot"),
  activeChannels: gauge("active_channels", "Enabled channels"),
  stateUnsavedSeconds: gauge(
    "state_unsaved_seconds",
    "How long the oldest change of the state has not been saved"
  ),
  partitionsOwned: gauge("partitions_owned", "Partitions of the channels that this replica owns"),
  configLastReloadSuccessful: gauge("config_last_reload_successful", "1 unless the last reload failed")
} as const
