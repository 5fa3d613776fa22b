import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { stringify } from "yaml"
import { Bus } from "./Bus.ts"
import { eventually } from "./eventually.ts"
import { LlmDouble } from "./LlmDouble.ts"
import { NatsServer } from "./NatsServer.ts"
import { emptyFolder, freePort, llmBot } from "./Program.ts"

/** What must never be seen outside: it is the key of the model in every test. */
export const secret = "sk-never-to-be-seen"

/** A configuration file that can be written again. */
export interface ConfigOnDisk {
  readonly file: string
  readonly port: number
  /** Writes the file, the given sections in place of the usual ones. */
  readonly write: (sections: Readonly<Record<string, unknown>>) => Effect.Effect<void>
  readonly writeText: (text: string) => Effect.Effect<void>
}

const usual = (nats: string, llm: string, port: number): Readonly<Record<string, unknown>> => ({
  nats: { servers: [nats] },
  channels: [{ name: "lobby" }],
  bot: { username: "MovieBot" },
  llm_api: { base_url: llm, api_key: "${LLM_API_KEY}", model: "double", retry_attempts: 0 },
  triggers: [{ type: "mention" }, { type: "pm" }],
  rate_limits: { max_per_user_per_minute: null, max_per_user_per_hour: null, global_cooldown_seconds: 0 },
  health: { port }
})

/** The usual configuration for the servers of the test, in a folder of its own. */
export const configOnDisk = Effect.fnUntraced(function*(sections: Readonly<Record<string, unknown>> = {}) {
  const { url: nats } = yield* NatsServer
  const { url: llm } = yield* LlmDouble
  const port = yield* freePort
  const file = join(yield* emptyFolder, "config.yaml")
  const writeText = (text: string) => Effect.sync(() => writeFileSync(file, text))
  const config: ConfigOnDisk = {
    file,
    port,
    writeText,
    write: (sections) => writeText(stringify({ ...usual(nats, llm, port), ...sections }))
  }
  yield* config.write(sections)
  return config
})

/** Starts the program and waits until it is ready. */
export const startWith = Effect.fnUntraced(function*(config: ConfigOnDisk, args: ReadonlyArray<string> = [], env = {}) {
  const program = yield* llmBot(["run", "--config", config.file, ...args], { LLM_API_KEY: secret, ...env })
  yield* program.logged("Bot ready")
  return program
})

/** A line in a room, under an id of its own if it has one. */
export const say = Effect.fnUntraced(function*(channel: string, name: string, msg: string, id?: string, ageMs = 0) {
  const bus = yield* Bus
  const body = JSON.stringify({ user: { name, rank: 1 }, msg, meta: {}, time: Date.now() - ageMs })
  yield* bus.send(`cytube.events.${channel}.chatMsg`, body, id === undefined ? {} : { "Correlation-Id": id })
})

/** The commands so far, once there are `count` of them. */
export const commands = Effect.fnUntraced(function*(count: number) {
  const bus = yield* Bus
  return yield* eventually(`${count} commands`, bus.commands, ({ length }) => length >= count)
})

/** An answer of the program's HTTP server. */
export const get = (port: number, path: string, init: RequestInit = {}) =>
  Effect.promise(() =>
    fetch(`http://127.0.0.1:${port}${path}`, init).then((response) =>
      response.text().then((text) => ({ status: response.status, text, headers: response.headers }))
    )
  )

const HealthBody = Schema.fromJsonString(Schema.Struct({
  status: Schema.Literals(["healthy", "degraded"]),
  uptime_seconds: Schema.Int,
  nats_connected: Schema.Boolean,
  llm_api_available: Schema.Boolean,
  log_lost: Schema.optionalKey(Schema.String),
  clock_skew_seconds: Schema.optionalKey(Schema.Int),
  bridge_faults: Schema.optionalKey(Schema.Array(
    Schema.Struct({ channel: Schema.String, reason: Schema.String, message: Schema.NonEmptyString })
  )),
  state: Schema.optionalKey(Schema.Struct({
    last_saved: Schema.NullOr(Schema.String),
    unsaved: Schema.Int,
    failure: Schema.optionalKey(Schema.String)
  })),
  channels: Schema.Record(Schema.String, Schema.Literals(["active", "disabled"])),
  last_event_timestamp: Schema.NullOr(Schema.String),
  metrics: Schema.Struct({
    events_received: Schema.Int,
    triggers_fired: Schema.Int,
    responses_sent: Schema.Int
  }),
  version: Schema.NonEmptyString
}))
const decodeHealth = Schema.decodeEffect(HealthBody, { onExcessProperty: "error" })

/** What `/health` says, in exactly its shape. */
export const health = (port: number) =>
  Effect.orDie(Effect.flatMap(get(port, "/health"), ({ text }) => decodeHealth(text)))

/** The value of one series of `/metrics`; nothing where it is not there. */
export const metric = (port: number, series: string): Effect.Effect<number | undefined> =>
  Effect.map(get(port, "/metrics"), ({ text }) => {
    const line = text.split("\n").find((one) => one.startsWith(`${series} `))
    return line === undefined ? undefined : Number(line.slice(series.length + 1))
  })
