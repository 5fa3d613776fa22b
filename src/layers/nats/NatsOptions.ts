import { readFile } from "node:fs/promises"
import { credsAuthenticator, type NodeConnectionOptions } from "@nats-io/transport-node"
import { Effect, Option, Redacted } from "effect"
import { serverHosts } from "../../domain/settings/ServerAddress.ts"
import type { NatsSettings } from "../../domain/settings/Settings.ts"
import { NatsFileUnusable } from "../../services/Nats.ts"
import type { ReconnectPause } from "./ReconnectPause.ts"

const reveal = (secret: Option.Option<Redacted.Redacted<string>>): string | undefined =>
  Option.getOrUndefined(Option.map(secret, Redacted.value))

const readable = (field: NatsFileUnusable["field"], path: string): Effect.Effect<Uint8Array, NatsFileUnusable> =>
  Effect.tryPromise({
    try: () => readFile(path),
    catch: () => new NatsFileUnusable({ field, detail: "cannot be read" })
  })

const authenticatorOf = Effect.fnUntraced(function*(path: string) {
  const content = yield* readable("creds_file", path)
  if (!new TextDecoder().decode(content).includes("-----BEGIN NATS USER JWT-----")) {
    return yield* new NatsFileUnusable({
      field: "creds_file",
      detail: "is no credentials file: it holds no user JWT"
    })
  }
  return credsAuthenticator(content)
})

const tlsOf = Effect.fnUntraced(function*({ servers, tls }: NatsSettings) {
  const files = [["caFile", "ca_file"], ["certFile", "cert_file"], ["keyFile", "key_file"]] as const
  const paths = files.flatMap(([option, field]) =>
    Option.toArray(Option.map(tls[field], (path) => ({ option, field, path })))
  )
  for (const { field, path } of paths) yield* readable(`tls.${field}`, path)
  if (paths.length === 0 && !servers.some((server) => server.includes("tls://"))) return undefined
  return Object.fromEntries(paths.map(({ option, path }) => [option, path]))
})

/** The client's connection options for a configuration; files are checked before the first attempt. */
export const natsOptions = Effect.fnUntraced(function*(settings: NatsSettings, pause: ReconnectPause) {
  const creds = reveal(settings.creds_file)
  const access = {
    user: reveal(settings.user),
    pass: reveal(settings.password),
    token: reveal(settings.token),
    authenticator: creds === undefined ? undefined : yield* authenticatorOf(creds),
    tls: yield* tlsOf(settings)
  }
  const options: NodeConnectionOptions = {
    servers: settings.servers.flatMap(serverHosts),
    name: "llm-bot",
    timeout: settings.connect_timeout * 1000,
    maxReconnectAttempts: settings.max_reconnect_attempts === 0 ? -1 : settings.max_reconnect_attempts,
    reconnectDelayHandler: pause.next,
    // A server that hangs without closing the connection is noticed within three intervals.
    pingInterval: 2_000,
    maxPingOut: 2,
    ignoreAuthErrorAbort: true,
    ...Object.fromEntries(Object.entries(access).filter(([, value]) => value !== undefined))
  }
  return options
})
