import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result, SubscriptionRef } from "effect"
import { stringify } from "yaml"
import { activate, type ActiveSettings } from "../../../src/domain/ChannelSettings.ts"
import { maskedSettings } from "../../../src/domain/settings/MaskedSettings.ts"
import { parseSettings } from "../../../src/domain/settings/SettingsFile.ts"
import { BotConfig } from "../../../src/services/BotConfig.ts"
import { Intake } from "../../../src/services/Intake.ts"
import * as Recorded from "../../../src/services/replay/Recorded.ts"
import { Recorder } from "../../../src/services/replay/Recorder.ts"
import type { RecordingEntry } from "../../../src/services/replay/Recording.ts"

const settingsOf = (...channels: ReadonlyArray<string>): ActiveSettings =>
  activate(
    Result.getOrThrow(parseSettings(
      stringify({
        nats: { servers: ["nats://127.0.0.1:4222"] },
        channels: channels.map((name) => ({ name })),
        bot: { username: "MovieBot" },
        llm_api: { base_url: "http://127.0.0.1:9/v1", api_key: "none", model: "m" }
      }),
      {}
    )).settings
  )

describe("what is taken down of the configuration", () => {
  it.effect("each one, once and when it comes: nobody has to say anything in between", () =>
    Effect.gen(function*() {
      const all = [settingsOf("lobby", "annex"), settingsOf("lobby"), settingsOf("lobby", "annex", "attic")] as const
      const active = yield* SubscriptionRef.make(all[0])
      const written: Array<RecordingEntry> = []
      const recorder = Layer.succeed(
        Recorder,
        Recorder.of({
          append: (entry) => Effect.sync(() => void written.push(entry)),
          remember: () => Effect.void
        })
      )
      const quiet = Layer.succeed(
        Intake,
        Intake.of({
          take: () => undefined,
          sent: () => Effect.succeed([]),
          open: () => Effect.succeed({ next: Effect.never })
        })
      )
      yield* Layer.build(Recorded.intake.pipe(
        Layer.provide([quiet, recorder, Layer.succeed(BotConfig, BotConfig.fromRef(active))])
      ))
      for (const settings of [all[1], all[2]]) {
        yield* SubscriptionRef.set(active, settings)
        yield* Effect.yieldNow
        yield* Effect.yieldNow
      }
      assert.deepStrictEqual(
        written.map((entry) => entry.kind === "config" ? entry.settings : entry.kind),
        all.map(({ settings }) => maskedSettings(settings))
      )
    }).pipe(Effect.scoped))
})
