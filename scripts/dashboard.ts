import {
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
  VariableSort
} from "@grafana/grafana-foundation-sdk/dashboard"
import { bars, datasource, left, lines, number, state, steps } from "./dashboardPanels.ts"

/** A metric of the bot, and one of the rooms that are chosen. */
const bot = (metric: string, labels = ""): string => `${metric}{job="$job"${labels}}`
const room = (metric: string, labels = ""): string => bot(metric, `, channel=~"$channel"${labels}`)

const perMinute = (by: string, series: string): string => `sum by (${by}) (rate(${series}[$__rate_interval])) * 60`
const inAll = (series: string): string => `sum(increase(${series}[$__range]))`
const quantile = (part: number, by: string, metric: string): string =>
  `histogram_quantile(${part}, sum by (${by}, le) (rate(${metric}[$__rate_interval])))`

const well = [
  state(
    { title: "Bot", description: "Whether Prometheus reaches it.", width: 2 },
    { bad: "down", good: "up" },
    `min(${bot("up")})`,
    ""
  ),
  state(
    { title: "NATS", description: "Without it the bot hears and says nothing.", width: 3 },
    { bad: "away", good: "connected" },
    `min(${bot("nats_connected")})`,
    ""
  ),
  state(
    {
      title: "Bridges",
      description: "Whether every room's bridge is there and fits; /health names what does not.",
      width: 3
    },
    { bad: "do not fit", good: "fit" },
    `sum(${room("bridge_faults")}) == bool 0`,
    ""
  ),
  state(
    { title: "Model", description: "Whether the model's server answers.", width: 3 },
    { bad: "away", good: "available" },
    `min by (model) (${bot("llm_api_available")})`,
    "{{model}}"
  ),
  state(
    {
      title: "Configuration",
      description: "Refused: the bot goes on with the old one; check-config says why.",
      width: 3
    },
    { bad: "refused", good: "good" },
    `min(${bot("config_last_reload_successful")})`,
    ""
  ),
  number(
    { title: "Channels", description: "Rooms the bot listens to.", width: 3 },
    `sum(${bot("active_channels")})`,
    ""
  )
    .thresholds(steps([null, "red"], [1, "green"])),
  number(
    { title: "Events", description: "Everything that came from the rooms in the time shown.", width: 3 },
    inAll(room("events_received_total")),
    ""
  ).decimals(0),
  number(
    { title: "Replies", description: "Lines the bot said in the time shown.", width: 4 },
    inAll(room("responses_sent_total")),
    ""
  ).decimals(0)
]

const work = [
  bars(
    { title: "Events a minute", description: "What the rooms say and do.", width: 12 },
    [perMinute("event_type", room("events_received_total")), "{{event_type}}"]
  ),
  lines(
    {
      title: "Time to decide",
      description: "From an event's arrival to the decision about it, the model not counted.",
      width: 12
    },
    "s",
    [quantile(0.5, "job", room("event_processing_duration_seconds_bucket")), "half are faster"],
    [quantile(0.99, "job", room("event_processing_duration_seconds_bucket")), "99 of 100 are faster"]
  ),
  bars(
    { title: "Triggers that fired, a minute", description: "Each asks the model for a reply.", width: 8 },
    [perMinute("trigger_type", room("triggers_fired_total")), "{{trigger_type}}"]
  ),
  bars(
    {
      title: "Why it kept silent, a minute",
      description: "Triggers matched but suppressed, by the reason.",
      width: 8
    },
    [perMinute("reason", room("triggers_suppressed_total")), "{{reason}}"]
  ),
  bars(
    { title: "Replies a minute", description: "Lines the bot said, by room; private ones apart.", width: 8 },
    [perMinute("channel, target_type", room("responses_sent_total")), "{{channel}} {{target_type}}"]
  )
]

const fixedColor = (color: string) => [{ id: "color", value: { mode: "fixed", fixedColor: color } }]

const model = [
  lines(
    { title: "Time of a request", description: "One HTTP request to the model, failed ones too.", width: 8 },
    "s",
    [quantile(0.5, "model", bot("llm_request_duration_seconds_bucket")), "{{model}}, half are faster"],
    [quantile(0.95, "model", bot("llm_request_duration_seconds_bucket")), "{{model}}, 95 of 100 are faster"]
  ),
  bars(
    { title: "Requests a minute", description: "How they ended; each attempt counts.", width: 8 },
    [perMinute("status", bot("llm_requests_total")), "{{status}}"]
  ).overrideByName("success", fixedColor("green")).overrideByName("error", fixedColor("red"))
    .overrideByName("timeout", fixedColor("orange")).overrideByName("rate_limited", fixedColor("purple")),
  bars(
    { title: "Tokens a minute", description: "What is paid for: prompts (input) and answers (output).", width: 8 },
    [perMinute("model, direction", bot("llm_tokens_total")), "{{model}} {{direction}}"]
  )
]

const remaining = (type: string): string =>
  `min by (channel) (${room("rate_limit_remaining", `, limit_type="${type}"`)})`

const limits = [
  left(
    {
      title: "Lines left this minute",
      description: "What rate_limits.max_per_channel_per_minute still allows.",
      width: 8
    },
    5,
    remaining("channel_per_minute"),
    "{{channel}}"
  ),
  left(
    { title: "Lines left this hour", description: "What rate_limits.max_per_channel_per_hour still allows.", width: 8 },
    30,
    remaining("channel_per_hour"),
    "{{channel}}"
  ),
  lines(
    { title: "Lines remembered", description: "How much of each room's talk a prompt could show.", width: 8 },
    "short",
    [`sum by (channel) (${room("context_window_size")})`, "{{channel}}"]
  )
]

const delivery = [
  lines(
    {
      title: "From the question to the reply",
      description: "What people wait: the model, the limits' pauses and the sending.",
      width: 8
    },
    "s",
    [quantile(0.5, "job", room("reply_duration_seconds_bucket")), "half are faster"],
    [quantile(0.95, "job", room("reply_duration_seconds_bucket")), "95 of 100 are faster"]
  ),
  bars(
    {
      title: "Answers not sent, a minute",
      description: "What the model said was not fit to send, or came too late.",
      width: 8
    },
    [perMinute("reason", room("responses_filtered_total")), "{{reason}}"]
  ),
  bars(
    {
      title: "Lost, a minute",
      description:
        "Events nobody could read or keep up with, replies NATS never got, state no disk took. Should be empty.",
      width: 8
    },
    [perMinute("reason", room("events_invalid_total")), "event invalid: {{reason}}"],
    [perMinute("job", room("events_dropped_total")), "event dropped"],
    [perMinute("reason", bot("outbox_dropped_total")), "reply dropped: {{reason}}"],
    [perMinute("result", bot("state_saves_total", ", result=\"failure\"")), "state not saved: {{result}}"]
  ),
  lines(
    {
      title: "What became of replies, a minute",
      description:
        "Seen in the room, or not and why; what the room did not show is sent again once. A muted bot is silent.",
      width: 24
    },
    "short",
    [perMinute("channel", room("responses_delivered_total")), "{{channel}} seen"],
    [perMinute("channel, reason", room("responses_unconfirmed_total")), "{{channel}} not seen: {{reason}}"],
    [perMinute("channel, reason", room("responses_resent_total")), "{{channel}} sent again: {{reason}}"],
    [`sum(${bot("channels_muted")})`, "rooms in which it is muted"]
  ),
  lines(
    {
      title: "Length of replies",
      description: "Characters; the limit is response_processing.max_response_length.",
      width: 12
    },
    "short",
    [quantile(0.5, "job", room("response_length_characters_bucket")), "half are shorter"],
    [quantile(0.95, "job", room("response_length_characters_bucket")), "95 of 100 are shorter"]
  ),
  bars(
    { title: "Reloads of the configuration", description: "Attempts, a minute.", width: 12 },
    [perMinute("result", bot("config_reloads_total")), "{{result}}"]
  ),
  lines(
    {
      title: "State not saved yet",
      description:
        "How long the oldest change of what the bot knows has waited for the disk. Empty without state.directory.",
      width: 12
    },
    "s",
    [`max by (instance) (${bot("state_unsaved_seconds")})`, "{{instance}}"]
  )
]

const replicas = [
  lines(
    {
      title: "Partitions of each replica",
      description:
        "With nats.jetstream the channels are divided into partitions; together the replicas own all of them.",
      width: 12
    },
    "short",
    [`sum by (instance) (${bot("partitions_owned")})`, "{{instance}}"],
    [`sum(${bot("partitions_owned")})`, "all"]
  ),
  bars(
    { title: "Changes of ownership", description: "Partitions taken and given up, a minute.", width: 12 },
    [perMinute("change", bot("ownership_changes_total")), "{{change}}"]
  )
]

const rows = [
  ["Is it well?", well],
  ["What it does", work],
  ["The model", model],
  ["Limits", limits],
  ["Delivery", delivery],
  ["Replicas", replicas]
] as const

const values = (name: string, label: string, from: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name).label(label).datasource(datasource).query(`label_values(${from}, ${name})`)
    // oxlint-disable-next-line unicorn/no-array-sort -- a builder's method, no array's
    .refresh(VariableRefresh.OnTimeRangeChanged).sort(VariableSort.AlphabeticalAsc)

/** Grafana's dashboard of the bot (deploy/grafana/llm-bot.json), from the metrics of src/services/telemetry/MetricFamilies.ts. */
export const dashboard = (): string => {
  const builder = new DashboardBuilder("llm-bot").uid("llm-bot").tags(["llm-bot"])
    .description("A chat participant for CyTube rooms. Written by `npm run generate` from scripts/dashboard.ts.")
    .time({ from: "now-6h", to: "now" }).refresh("30s").timezone("browser").tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder("datasource").label("Prometheus").type("prometheus"))
    .withVariable(values("job", "Job", "active_channels").current({ text: "llm-bot", value: "llm-bot" }))
    .withVariable(
      values("channel", "Channel", "events_received_total{job=\"$job\"}").multi(true).includeAll(true).allValue(".*")
        .current({ text: "All", value: "$__all" })
    )
  let id = 0
  for (const [title, panels] of rows) {
    builder.withRow(new RowBuilder(title).id(++id))
    for (const panel of panels) builder.withPanel(panel.id(++id))
  }
  return `${JSON.stringify(builder.build(), null, 2)}\n`
}
