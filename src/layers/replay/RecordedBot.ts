import { Layer } from "effect"
import type { NatsSettings } from "../../domain/settings/Settings.ts"
import * as Recorded from "../../services/replay/Recorded.ts"
import * as RecordedReplies from "../../services/replay/RecordedReplies.ts"
import { recordedDecisions } from "../../services/replay/RecordedDecisions.ts"
import * as RecordedState from "../../services/replay/RecordedState.ts"
import { botOn, byTheClock } from "../Main.ts"
import { intakeOf, outletOf } from "../Transport.ts"
import * as RecordingFile from "./RecordingFile.ts"

/** The bot with a recorder on its ports; the file is closed last. */
export const recordedBot = (nats: NatsSettings, options: RecordingFile.RecordingOptions) =>
  botOn(Recorded.intake.pipe(Layer.provide(intakeOf(nats))), [recordedDecisions]).pipe(
    Layer.provide(
      Layer.mergeAll(
        Recorded.llm,
        Recorded.nats,
        Recorded.evaluations,
        RecordedReplies.sendTimes,
        ...(nats.jetstream.enabled ? [RecordedReplies.sharedLimits] : [])
      )
    ),
    Layer.provide(byTheClock),
    Layer.provide(Layer.merge(RecordedState.state, RecordedState.recordingClock)),
    Layer.provide(outletOf(nats)),
    Layer.provide(RecordingFile.layer(options))
  )
