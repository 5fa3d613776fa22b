import { readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import type { DecisionRecord } from "../../../src/domain/decision/Decision.ts"
import { parseSettings } from "../../../src/domain/settings/SettingsFile.ts"
import { fidelityOf } from "../../../src/domain/replay/ReplayFidelity.ts"
import { replay } from "../../../src/layers/replay/Replay.ts"
import { readLog } from "../../../src/layers/replay/ReplayLog.ts"
import { Bus } from "../../support/Bus.ts"
import { eventually } from "../../support/eventually.ts"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { emptyFolder } from "../../support/Program.ts"
import {
  commands,
  type ConfigOnDisk,
  configOnDisk,
  health,
  say,
  secret,
  startWith
} from "../../support/RunningProgram.ts"

const world = Layer.mergeAll(Bus.layer, LlmDouble.layer).pipe(Layer.provideMerge(NatsServer.layer))

const allSaved = (config: ConfigOnDisk) =>
  eventually("a saved state", health(config.port), ({ state }) => state?.unsaved === 0 && state.last_saved !== null)

/** A bot that answered, whispered and was killed; another takes its state up and records. */
const recordedAfterKill = Effect.fnUntraced(function*(...more: ReadonlyArray<string>) {
  const folder = yield* emptyFolder
  const config = yield* configOnDisk({
    state: { directory: join(folder, "state"), save_seconds: 0.2 },
    triggers: [{ type: "mention", cooldown_seconds: 3_600 }, { type: "pm" }],
    rate_limits: { max_per_user_per_hour: 3, max_per_user_per_minute: null, global_cooldown_seconds: 0 }
  })
  const bus = yield* Bus
  const whisper = (msg: string) => {
    const body = { from: { name: "ana", rank: 1 }, to: { name: "MovieBot" }, msg, meta: {}, time: Date.now() }
    return bus.send("cytube.events.lobby.pm", JSON.stringify(body), {})
  }
  const first = yield* startWith(config)
  yield* bus.send("cytube.events.lobby.addUser", JSON.stringify({ name: "ana", rank: 1 }), {})
  yield* say("lobby", "zoe", "ana knows the zither")
  yield* say("lobby", "ana", "MovieBot do you like it")
  yield* commands(1)
  yield* whisper("my private plan")
  yield* commands(2)
  yield* first.logged("Command sent", 2)
  yield* allSaved(config)
  yield* first.signal("SIGKILL")
  yield* first.exit
  const file = join(folder, "night.jsonl")
  const second = yield* startWith(config, ["--record", file, ...more])
  // The entry still cools, as it did before; of three an hour one is left.
  yield* say("lobby", "bob", "MovieBot and what of me")
  yield* whisper("and then?")
  yield* commands(3)
  yield* whisper("a fourth one")
  yield* second.logged("Trigger suppressed", 2)
  yield* second.signal("SIGTERM")
  assert.strictEqual(yield* second.exit, 0)
  const text = readFileSync(config.file, "utf8")
  const { settings } = Result.getOrThrow(parseSettings(text, { LLM_API_KEY: secret }))
  const log = yield* readLog(file)
  const run = yield* replay(log, { config: "same", settings, asked: undefined })
  return { recorded: readFileSync(file, "utf8"), run }
})

describe("a recording of a bot that took up its state", () => {
  it.live(
    "replays as it was: what cooled, what was left of the limits, what was remembered",
    () =>
      Effect.gen(function*() {
        const { recorded, run } = yield* recordedAfterKill()
        assert.include(recorded, `{"kind":"state"`)
        const { decisions } = run
        const ends = decisions.map(({ outcome }) => outcome?._tag === "Skipped" ? outcome.reason : outcome?._tag)
        assert.deepStrictEqual(ends, ["cooldown", "Replied", "user_per_hour"])
        const fidelity = fidelityOf(run)
        assert.deepStrictEqual(fidelity, { decisions: 3, alike: 3, departures: [] })
        const remaining = (records: ReadonlyArray<DecisionRecord>) =>
          Number(/"remainingMs":([\d.]+)/.exec(JSON.stringify(records))?.[1])
        assert.closeTo(remaining(decisions), remaining(run.live), 0.001)
      }).pipe(Effect.provide(world), Effect.scoped),
    60_000
  )

  it.live(
    "holds neither names nor what was said in private before, where names are replaced",
    () =>
      Effect.gen(function*() {
        const { recorded } = yield* recordedAfterKill("--record-anonymous")
        const states = recorded.split("\n").filter((line) => line.startsWith(`{"kind":"state"`))
        assert.isNotEmpty(states)
        assert.include(states.join("\n"), "knows the zither")
        assert.notMatch(recorded, /\b(?:ana|zoe|bob)\b/i)
        assert.notInclude(states.join("\n"), "my private plan")
        assert.notMatch(states.join("\n"), /"identity"|[0-9a-f]{32}/)
      }).pipe(Effect.provide(world), Effect.scoped),
    60_000
  )
})
