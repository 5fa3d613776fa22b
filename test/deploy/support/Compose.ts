import { readFileSync } from "node:fs"
import { dirname, resolve } from "node:path"
import { parseEnv } from "node:util"
import { Schema } from "effect"
import { parse } from "yaml"

const file = resolve(import.meta.dirname, "../../../deploy/compose.yaml")

const Service = Schema.Struct({
  image: Schema.String,
  build: Schema.optionalKey(Schema.Struct({ context: Schema.String })),
  command: Schema.optionalKey(Schema.Array(Schema.String)),
  environment: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  volumes: Schema.optionalKey(Schema.Array(Schema.String)),
  ports: Schema.optionalKey(Schema.Array(Schema.String)),
  extra_hosts: Schema.optionalKey(Schema.Array(Schema.String)),
  depends_on: Schema.optionalKey(Schema.Record(
    Schema.String,
    Schema.Struct({ condition: Schema.Literals(["service_healthy", "service_started"]) })
  )),
  healthcheck: Schema.optionalKey(Schema.Struct({
    test: Schema.Array(Schema.String),
    interval: Schema.String,
    timeout: Schema.String,
    retries: Schema.Int
  })),
  restart: Schema.String,
  stop_grace_period: Schema.optionalKey(Schema.String),
  read_only: Schema.optionalKey(Schema.Boolean),
  cap_drop: Schema.Array(Schema.String),
  security_opt: Schema.Array(Schema.String),
  mem_limit: Schema.optionalKey(Schema.String),
  pids_limit: Schema.optionalKey(Schema.Int)
})

const Compose = Schema.Struct({
  name: Schema.String,
  services: Schema.Record(Schema.String, Service),
  volumes: Schema.Record(Schema.String, Schema.Null)
})

/** deploy/compose.yaml: every key in it is one the Compose specification has. */
export const compose = Schema.decodeUnknownSync(Compose, { onExcessProperty: "error" })(
  parse(readFileSync(file, "utf8"))
)

/** A service of it; one that is not there is a defect of the test. */
export const service = (name: string): typeof Service.Type => {
  const found = compose.services[name]
  if (found === undefined) throw new Error(`deploy/compose.yaml has no service ${name}`)
  return found
}

/** A path of it, from the machine's root. */
export const pathInCompose = (path: string): string => resolve(dirname(file), path)

/** What deploy/.env.example sets. */
export const exampleEnvironment = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(parseEnv(readFileSync(pathInCompose(".env.example"), "utf8"))).map((
      [name, value]
    ) => [name, value ?? ""])
  )

/** The variables a text wants to have filled in. */
export const variablesIn = (text: string): ReadonlyArray<string> =>
  [...text.matchAll(/\$\{(\w+)[^}]*\}/g)].map(([, name = ""]) => name)

/** A folder or file of the repository that a service sees, by its path in there. */
export const mountedAt = (name: string, target: string): string => {
  const found = service(name).volumes?.find((volume) => volume.split(":")[1] === target)
  if (found === undefined) throw new Error(`${name} has nothing mounted at ${target}`)
  return pathInCompose(found.split(":")[0] ?? "")
}

/** The bot's configuration there and the environment it is read in. */
export const settingsInCompose = (): { readonly file: string; readonly env: Readonly<Record<string, string>> } => {
  const values = exampleEnvironment()
  const fill = (value: string): string => values[variablesIn(value)[0] ?? ""] ?? value
  const given = Object.entries(service("llm-bot").environment ?? {})
  const env = Object.fromEntries(given.map(([name, value]) => [name, fill(value)]))
  return { file: resolve(mountedAt("llm-bot", "/config"), "config.yaml"), env }
}
