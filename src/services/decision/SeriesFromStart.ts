import { Effect } from "effect"
import type { ActiveSettings, ChannelSettings } from "../../domain/ChannelSettings.ts"
import { LlmAttempt, Step, UnconfirmedCause } from "../../domain/decision/Decision.ts"
import { InvalidReason } from "../../domain/wire/InvalidEvent.ts"
import { makeMeter, type Meter } from "../telemetry/Metrics.ts"
import { filterReasons, suppressionReasons } from "./DecisionMetrics.ts"

/** How many label combinations may be there at the start: those that happen later have room below 1,000 (N4). */
const mostCombinations = 600

/** A channel's series, in groups: the first ones matter most, the last ones are many. */
type ChannelSeries = ReadonlyArray<ReadonlyArray<() => void>>

const seriesOf = ({ begin }: Meter, { room, triggers }: ChannelSettings): ChannelSeries => {
  const channel = room.name
  const types = [...new Set(triggers.map(({ entry }) => entry.type))]
  const always = [
    ...["chatMsg", "pm", "changeMedia", "userlist", "other"].map((event_type) => () =>
      begin("eventsReceived", { channel, event_type })
    ),
    () => begin("eventsDropped", { channel }),
    ...types.flatMap((trigger_type) => [
      () => begin("triggersEvaluated", { channel, trigger_type }),
      () => begin("triggersFired", { channel, trigger_type })
    ]),
    ...(["chat", "pm"] as const).map((target_type) => () => begin("responsesSent", { channel, target_type })),
    () => begin("responsesDelivered", { channel }),
    () => begin("responseLength", { channel }),
    () => begin("eventProcessingDuration", { channel }),
    () => begin("replyDuration", { channel })
  ]
  const refusals = [
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
  return [
    always,
    filterReasons.map((reason) => () => begin("responsesFiltered", { channel, reason })),
    InvalidReason.literals.map((reason) => () => begin("eventsInvalid", { channel, reason })),
    refusals
  ]
}

const beginModel = ({ begin }: Meter, model: string): void => {
  for (const status of LlmAttempt.fields.status.literals) begin("llmRequests", { model, status })
  begin("llmTokens", { model, direction: "input" })
  begin("llmTokens", { model, direction: "output" })
  begin("llmRequestDuration", { model })
}

/**
 * Begins every documented series of the channels and models of a configuration at 0, so that the first time counts in a
 * rate (OPERATIONS, metrics); of many channels only what leaves room below N4's bound.
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
    for (const change of ["gained", "lost"] as const) meter.begin("ownershipChanges", { change })
    for (const reason of ["outbox_full", "deadline", "media_changed"]) meter.begin("outboxDropped", { reason })
    const oneLabel = channels.length > active.settings.telemetry.channel_label_limit
    for (const channel of channels) {
      let combinations = 0
      for (const group of seriesOf(meter, channel)) {
        combinations += group.length * (oneLabel ? 1 : channels.length)
        if (combinations > mostCombinations) break
        for (const begin of group) begin()
      }
    }
  }
})
