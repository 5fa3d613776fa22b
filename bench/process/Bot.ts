import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { Effect } from "effect"
import { stringify } from "yaml"
import { freePort } from "../../test/support/Program.ts"
import { type Measured, measured } from "./Measured.ts"

/** The program as it is shipped. */
export const bundle = resolve(import.meta.dirname, "../../dist/llm-bot.mjs")

/** A bot in a process of its own. */
export interface Bot extends Measured {
  readonly config: string
  /** `http://127.0.0.1:PORT` */
  readonly http: string
  /** The sum of a counter over all its labels. */
  readonly counted: (name: string) => Effect.Effect<number>
}

/** Node keeps the bundle compiled from here on, as it does for every start but the first. */
export const keepCompiled = Effect.gen(function*() {
  const { child, exited } = yield* measured([bundle, "--version"])
  child.disconnect()
  child.stdout?.resume()
  return yield* exited
}).pipe(Effect.scoped)

/** A folder that is gone when the scope closes. */
export const scratch = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "llm-bot-bench-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const noLimits = {
  max_per_user_per_minute: null,
  max_per_user_per_hour: null,
  max_per_channel_per_minute: null,
  max_per_channel_per_hour: null,
  global_cooldown_seconds: 0,
  media_change_cooldown_seconds: 0
}

/** Sections of a configuration that limits nothing, so that what is measured is work. */
export const unlimited = { triggers: [{ type: "mention" }, { type: "pm" }], rate_limits: noLimits }

/** Writes a configuration for so many channels; its path. */
export const configFile = Effect.fnUntraced(function*(
  nats: string,
  model: string,
  channels: number,
  sections: Readonly<Record<string, unknown>> = {}
) {
  const file = join(yield* scratch, "config.yaml")
  const port = yield* freePort
  const settings = {
    nats: { servers: [nats] },
    channels: Array.from({ length: channels }, (_, index) => ({ name: `ch${index}` })),
    bot: { username: "MovieBot" },
    llm_api: { base_url: model, api_key: "none", model: "double", max_concurrent_per_channel: 1000 },
    health: { port },
    ...sections
  }
  yield* Effect.sync(() => writeFileSync(file, stringify(settings)))
  return { file, http: `http://127.0.0.1:${port}` }
})

const line = (child: Measured["child"], text: string): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    let output = ""
    const ended = (): void => resume(Effect.die(new Error(`the bot ended before "${text}":\n${output}`)))
    const take = (part: Buffer): void => {
      output += part.toString("utf8")
      if (!output.includes(text)) return
      child.stdout?.off("data", take)
      child.off("exit", ended)
      resume(Effect.void)
    }
    child.stdout?.on("data", take)
    child.once("exit", ended)
  })

const counter = (exposition: string, name: string): number =>
  exposition.split("\n").filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `)).reduce(
    (sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)),
    0
  )

/** Starts the bot with a configuration, and waits until it is ready. `flags` and `env` are for Node. */
export const startBot = Effect.fnUntraced(function*(
  { file, http }: { readonly file: string; readonly http: string },
  flags: ReadonlyArray<string> = [],
  env: Readonly<Record<string, string>> = {}
) {
  const process = yield* measured([...flags, bundle, "run", "--config", file], env)
  yield* line(process.child, "\"Bot ready\"")
  process.child.stdout?.resume()
  const bot: Bot = {
    ...process,
    config: file,
    http,
    counted: (name) =>
      Effect.promise(() => fetch(`${http}/metrics`).then((response) => response.text())).pipe(
        Effect.map((text) => counter(text, name))
      )
  }
  return bot
})
