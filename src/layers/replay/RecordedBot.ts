import { Layer } from "effect"
import type { NatsSettings } from "../../domain/settings/Settings.ts"
import * as Recorded from "../../services/replay/Recorded.ts"
import { recordedDecisions } from "../../services/replay/RecordedDecisions.ts"
import * as RecordedState from "../../services/replay/RecordedState.ts"
import { botOn, byTheClock, intakeOf } from "../Main.ts"
import * as RecordingFile from "./RecordingFile.ts"

/** The bot with a recorder on its ports; the file is closed last. */
export const recordedBot = (nats: NatsSettings, options: RecordingFile.RecordingOptions) =>
  botOn(Recorded.intake.pipe(Layer.provide(intakeOf(nats))), [recordedDecisions]).pipe(
    Layer.provide(Layer.mergeAll(Recorded.llm, Recorded.nats, Recorded.evaluations, Recorded.sendTimes)),
    Layer.provide(byTheClock),
    Layer.provide(Layer.merge(RecordedState.state, RecordedState.recordingClock)),
    Layer.provide(RecordingFile.layer(options))
  )
