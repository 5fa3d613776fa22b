import { Context, Effect, Metric, Struct } from "effect"
import type { ActiveSettings } from "../../domain/ChannelSettings.ts"
import type { ChannelName } from "../../domain/Ids.ts"

type Attributes = Readonly<Record<string, string>>

// A separate metric for each series: one that gets its attributes at each update builds its key again each time.
const counter = (name: string, description: string) => (attributes: Attributes = {}) =>
  Metric.counter(name, { description, incremental: true, attributes })
const histogram = (name: string, description: string, boundaries: ReadonlyArray<number>) => (attributes: Attributes) =>
  Metric.histogram(name, { description, boundaries, attributes })
const gauge = (name: string, description: string) => Metric.gauge(name, { description })

const counters = {
  eventsReceived: counter("events_received_total", "Events received from NATS"),
  eventsInvalid: counter("events_invalid_total", "Events that failed to decode"),
  eventsDropped: counter("events_dropped_total", "Events dropped because too many waited"),
  triggersEvaluated: counter("triggers_evaluated_total", "Trigger conditions tested"),
  triggersFired: counter("triggers_fired_total", "Triggers fired and admitted"),
  triggersSuppressed: counter("triggers_suppressed_total", "Triggers matched but suppressed"),
  llmRequests: counter("llm_requests_total", "LLM requests, one per HTTP attempt"),
  llmTokens: counter("llm_tokens_total", "LLM tokens of prompts and completions"),
  responsesSent: counter("responses_sent_total", "Replies sent"),
  responsesFiltered: counter("responses_filtered_total", "Replies dropped before sending"),
  responsesDelivered: counter("responses_delivered_total", "Replies confirmed by their echo"),
  responsesUnconfirmed: counter("responses_unconfirmed_total", "Replies without an echo"),
  responsesResent: counter("responses_resent_total", "Lines sent again because they were not shown"),
  outboxDropped: counter("outbox_dropped_total", "Replies dropped while NATS was disconnected"),
  configReloads: counter("config_reloads_total", "Configuration reloads")
} as const

const histograms = {
  llmRequestDuration: histogram("llm_request_duration_seconds", "LLM request duration", [
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
    [10, 50, 100, 150, 200, 250, 300]
  ),
  eventProcessingDuration: histogram(
    "event_processing_duration_seconds",
    "Time from event arrival to decision",
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1]
  ),
  replyDuration: histogram(
    "reply_duration_seconds",
    "Time from trigger arrival to reply sent",
    [0.1, 0.5, 1, 2, 5, 10, 30, 60]
  )
} as const

const gauges = {
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
  configLastReloadSuccessful: gauge("config_last_reload_successful", "1 unless the last reload failed")
} as const

/** The labels a metric may have. Names of people are never among them (N4). */
export type Labels = Readonly<{
  channel?: ChannelName
  event_type?: string
  trigger_type?: string
  target_type?: "chat" | "pm"
  limit_type?: "channel_per_minute" | "channel_per_hour"
  direction?: "input" | "output"
  model?: string
  status?: string
  reason?: string
  result?: "success" | "failure" | "unchanged"
}>

/**
 * How a channel appears in labels: under its name, or as `_all` when there are more channels than
 * `telemetry.channel_label_limit` (N4).
 */
export const ChannelLabel: Context.Reference<(channel: ChannelName) => string> = Context.Reference(
  "llm-bot/ChannelLabel",
  { defaultValue: () => (channel: ChannelName): string => channel }
)

const hasTooManyLabels = ({ channels, settings }: ActiveSettings): boolean =>
  [...channels.values()].filter(({ enabled }) => enabled).length > settings.telemetry.channel_label_limit

/** Channel labels under the configuration in force. */
export const channelLabels = (read: () => ActiveSettings): (channel: ChannelName) => string => {
  let cache: { readonly settings: ActiveSettings; readonly tooMany: boolean } | undefined
  return (channel) => {
    const settings = read()
    if (cache?.settings !== settings) cache = { settings, tooMany: hasTooManyLabels(settings) }
    return cache.tooMany ? "_all" : channel
  }
}

const attributesOf = (labels: Labels, labelOf: (channel: ChannelName) => string): Record<string, string> => ({
  ...labels,
  ...(labels.channel === undefined ? {} : { channel: labelOf(labels.channel) })
})

/** Counts and measures, for plain code. */
export interface Meter {
  /** Shows a series at 0, which is not there before otherwise. */
  readonly begin: (name: keyof typeof counters | keyof typeof histograms, labels: Labels) => void
  /** Adds to a counter, 1 by default (OPERATIONS, metrics). */
  readonly count: (name: keyof typeof counters, labels: Labels, by?: number) => void
  /** Records one value of a histogram: seconds, or characters. */
  readonly observe: (name: keyof typeof histograms, labels: Labels, value: number) => void
}

/** Every label there is, so that no two series have one key. */
const labelOrder: Readonly<Record<keyof Labels, true>> = {
  channel: true,
  event_type: true,
  trigger_type: true,
  target_type: true,
  limit_type: true,
  direction: true,
  model: true,
  status: true,
  reason: true,
  result: true
}
const labelNames = Struct.keys(labelOrder)

/** Keeps the series of metrics by their labels. */
const makeSeries = <Name extends string, State>(
  metrics: Readonly<Record<Name, (attributes: Attributes) => Metric.Metric<number, State>>>,
  labelOf: (channel: ChannelName) => string
) => {
  // As many as there are series, which the labels bound (N4).
  const known = new Map<string, Metric.Metric<number, State>>()
  return (name: Name, labels: Labels): Metric.Metric<number, State> => {
    // Whether channels share a label changes with the configuration.
    let key = labels.channel === undefined ? name : `${name} ${labelOf(labels.channel)}`
    for (const label of labelNames) {
      key += `,${labels[label] ?? ""}`
    }
    const series = known.get(key) ?? metrics[name](attributesOf(labels, labelOf))
    known.set(key, series)
    return series
  }
}

/** A meter with the registry and the label policy of the fiber that builds it. */
export const makeMeter: Effect.Effect<Meter> = Effect.map(Effect.context<never>(), (context) => {
  const labelOf = Context.get(context, ChannelLabel)
  const counterOf = makeSeries(counters, labelOf)
  const histogramOf = makeSeries(histograms, labelOf)
  const seriesOf = makeSeries<keyof typeof counters | keyof typeof histograms, unknown>(
    { ...counters, ...histograms },
    labelOf
  )
  return {
    // To read a series is to make it.
    begin: (name, labels) => void seriesOf(name, labels).valueUnsafe(context),
    count: (name, labels, by = 1) => counterOf(name, labels).updateUnsafe(by, context),
    observe: (name, labels, value) => histogramOf(name, labels).updateUnsafe(value, context)
  }
})

/** Adds to a counter (OPERATIONS, metrics). */
export const count = (name: keyof typeof counters, labels: Labels, by = 1): Effect.Effect<void> =>
  Effect.map(makeMeter, (meter) => meter.count(name, labels, by))

/** One value of a gauge. */
export type Reading = readonly [labels: Labels, value: number | boolean]

/**
 * Replaces every series of a gauge with the values now: a removed channel leaves no series behind. Channels that
 * share a label are added up.
 */
export const setAll = Effect.fnUntraced(function*(name: keyof typeof gauges, readings: ReadonlyArray<Reading>) {
  const registry = yield* Metric.MetricRegistry
  for (const [key, { id }] of registry) if (id === gauges[name].id) registry.delete(key)
  const labelOf = yield* ChannelLabel
  for (const [labels, value] of readings) {
    yield* Metric.modify(Metric.withAttributes(gauges[name], attributesOf(labels, labelOf)), Number(value))
  }
})

/** Sets the one value of a gauge without labels. */
export const set = (name: keyof typeof gauges, value: number | boolean): Effect.Effect<void> =>
  setAll(name, [[{}, value]])

/** A counter's sum over all its labels, as `/health` shows it. */
export const total = (name: keyof typeof counters): Effect.Effect<number> => {
  const { id } = counters[name]()
  return Effect.map(Metric.snapshot, (all) =>
    all.reduce(
      (sum, snapshot) => snapshot.type === "Counter" && snapshot.id === id ? sum + Number(snapshot.state.count) : sum,
      0
    ))
}
