import { Effect } from "effect"
import type { ActiveSettings, ChannelSettings } from "../../domain/ChannelSettings.ts"
import { LlmAttempt, Step, UnconfirmedCause } from "../../domain/decision/Decision.ts"
import { InvalidReason } from "../../domain/wire/InvalidEvent.ts"
import { makeMeter, type Meter } from "../telemetry/Metrics.ts"
import { filterReasons, suppressionReasons } from "./DecisionMetrics.ts"

/** How many label combinations may be there at the start: those that happen later have room below 1,000 (N4). */
const mostCombinations = 800

/** What makes no combination beyond the bound, and what does: the refusals, which are many. */
interface ChannelSeries {
  readonly few: ReadonlyArray<() => void>
  readonly many: ReadonlyArray<() => void>
}

const seriesOf = ({ begin }: Meter, { room, triggers }: ChannelSettings): ChannelSeries => {
  const channel = room.name
  const types = [...new Set(triggers.map(({ entry }) => entry.type))]
  const few = [
    ...["chatMsg", "pm", "changeMedia", "userlist", "other"].map((event_type) => () =>
      begin("eventsReceived", { channel, event_type })
    ),
    ...InvalidReason.literals.map((reason) => () => begin("eventsInvalid", { channel, reason })),
    () => begin("eventsDropped", { channel }),
    ...types.flatMap((trigger_type) => [
      () => begin("triggersEvaluated", { channel, trigger_type }),
      () => begin("triggersFired", { channel, trigger_type })
    ]),
    ...(["chat", "pm"] as const).map((target_type) => () => begin("responsesSent", { channel, target_type })),
    () => begin("responsesDelivered", { channel }),
    ...filterReasons.map((reason) => () => begin("responsesFiltered", { channel, reason })),
    () => begin("responseLength", { channel }),
    () => begin("eventProcessingDuration", { channel }),
    () => begin("replyDuration", { channel })
  ]
  const many = [
    ...["unknown", ...UnconfirmedCause.literals].map((reason) => () =>
      begin("responsesUnconfirmed", { channel, reason })
    ),
    ...Step.cases.Resent.fields.cause.literals.map((reason) => () => begin("responsesResent", { channel, reason })),
    // The silence after a media change comes before any trigger is tested.
    ...["media_change", "muted"].map((reason) => () =>
      begin("triggersSuppressed", { channel, trigger_type: "any", reason })
    ),
    ...types.flatMap((trigger_type) =>
      suppressionReasons.map((reason) => () => begin("triggersSuppressed", { channel, trigger_type, reason }))
    )
  ]
  return { few, many }
}

const beginModel = ({ begin }: Meter, model: string): void => {
  for (const status of LlmAttempt.fields.status.literals) begin("llmRequests", { model, status })
  begin("llmTokens", { model, direction: "input" })
  begin("llmTokens", { model, direction: "output" })
  begin("llmRequestDuration", { model })
}

const combinations = (all: ReadonlyArray<ChannelSeries>, part: keyof ChannelSeries): number =>
  all.reduce((sum, series) => sum + series[part].length, 0)

/**
 * Begins every documented series of the channels and models of a configuration at 0, so that the first time counts in a
 * rate (OPERATIONS, metrics): refusals only while all together keep to N4's bound.
 */
export const makeSeriesFromStart: Effect.Effect<(active: ActiveSettings) => void> = Effect.map(makeMeter, (meter) => {
  let begun: ActiveSettings | undefined
  return (active) => {
    if (begun === active) return
    begun = active
    const { fallbacks, model } = active.settings.llm_api
    const channels = [...active.channels.values()].filter(({ enabled }) => enabled)
    for (const one of new Set([model, ...fallbacks.map(({ model }) => model), ...channels.map(({ model }) => model)])) {
      beginModel(meter, one)
    }
    for (const result of ["success", "failure", "unchanged"] as const) meter.begin("configReloads", { result })
    for (const reason of ["outbox_full", "deadline", "media_changed"]) meter.begin("outboxDropped", { reason })
    const all = channels.map((channel) => seriesOf(meter, channel))
    const oneLabel = channels.length > active.settings.telemetry.channel_label_limit
    const fits = oneLabel || combinations(all, "few") + combinations(all, "many") <= mostCombinations
    for (const { few, many } of all) for (const begin of fits ? [...few, ...many] : few) begin()
  }
})
