import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Console, Effect, Result } from "effect"
import { ChannelName } from "../src/domain/Ids.ts"
import { renderReplay } from "../src/domain/replay/ReplayRender.ts"
import { parseSettings } from "../src/domain/settings/SettingsFile.ts"
import { decodeParsed } from "../src/domain/wire/Wire.ts"
import { replay } from "../src/layers/replay/Replay.ts"
import { readLog } from "../src/layers/replay/ReplayLog.ts"

// A day of a busy room: how long its replay takes, and how many times what only reading and decoding the lines takes.

const lines = 100_000
const room = { name: ChannelName.make("lobby"), domain: "cytu.be" }
const yaml = `
nats: { servers: ["nats://127.0.0.1:4222"] }
channels: [{ name: lobby }]
bot: { username: MovieBot }
llm_api: { base_url: "http://127.0.0.1:9/v1", api_key: none, model: none }
`

const lineAt = (index: number): string => {
  const time = Date.UTC(2026, 10, 21) + index * 864
  const text = index % 20 === 0 ? `@MovieBot what about number ${index}?` : `some words about the film, number ${index}`
  return `${time}\tviewer${index % 57}\t${text}`
}

const timed = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.suspend(() => {
    const began = performance.now()
    return Effect.map(effect, (value) => ({ value, seconds: (performance.now() - began) / 1000 }))
  })

const program = Effect.gen(function*() {
  const folder = mkdtempSync(join(tmpdir(), "llm-bot-bench-"))
  yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true })))
  const file = join(folder, "day.tsv")
  writeFileSync(file, Array.from({ length: lines }, (_, index) => lineAt(index)).join("\n"))
  const { settings } = yield* Effect.fromResult(parseSettings(yaml, {}))
  const read = yield* timed(readLog(file))
  const decoded = yield* timed(Effect.sync(() =>
    read.value.lines.filter(({ entry }) =>
      entry.kind === "captured" &&
      Result.isSuccess(
        decodeParsed(
          { subject: "cytube.events.lobby.chatMsg", headers: new Map() },
          entry.payload,
          room,
          entry.ts * 1000
        )
      )
    ).length
  ))
  const run = yield* timed(
    replay(read.value, { config: "bench", settings, asked: undefined, progress: () => Effect.void })
  )
  const text = yield* timed(Effect.sync(() => renderReplay({ runs: [run.value], format: "text" }).length))
  const baseline = read.seconds + decoded.seconds
  const all = read.seconds + run.seconds + text.seconds
  yield* Console.log(
    `${decoded.value} lines: read and decoded in ${baseline.toFixed(2)} s; replayed in ${run.seconds.toFixed(2)} s, ` +
      `told in ${text.seconds.toFixed(2)} s: ${all.toFixed(2)} s in all, ${
        (all / baseline).toFixed(1)
      } times reading alone`
  )
}).pipe(Effect.scoped)

await Effect.runPromise(program)
