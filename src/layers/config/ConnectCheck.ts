import { type Duration, Effect, Layer, Logger, Option } from "effect"
import { type Diagnostic, error, type FieldPath } from "../../domain/settings/Diagnostic.ts"
import type { JetStreamFault } from "../../domain/jetstream/JetStreamFault.ts"
import type { NatsSettings, Settings } from "../../domain/settings/Settings.ts"
import type { NatsConnectError } from "../../services/Nats.ts"
import * as LlmHttp from "../llm/LlmHttp.ts"
import * as NatsConnection from "../nats/NatsConnection.ts"
import { tryBridges } from "./BridgeCheck.ts"
import { patience, tooLate, tryModels } from "./ModelCheck.ts"

/** How long asking for bridges may take: two questions that nobody answers, and some. */
const bridgePatience = "8 seconds"
const bridgeTooLate = "no answer about bridges within 8 s"

/** The field that names the bot to NATS. */
const credentialPath = ({ creds_file, password, token, user }: NatsSettings): FieldPath => {
  const credential = Object.entries({ creds_file, token, password, user }).find(([, secret]) => Option.isSome(secret))
  return ["nats", credential === undefined ? "servers" : credential[0]]
}

/** The field to look at when NATS cannot be reached, and why. */
const natsProblem = (settings: NatsSettings, failure: NatsConnectError): Diagnostic => {
  switch (failure._tag) {
    case "NatsUnreachable":
      return error(["nats", "servers"], failure.message)
    case "NatsFileUnusable":
      return error(["nats", ...failure.field.split(".")], failure.detail)
    case "NatsRefused":
      return error(credentialPath(settings), failure.message)
  }
}

const tooSlow = (duration: Duration.Input, message: string) =>
  Effect.timeoutOrElse({ duration, orElse: () => Effect.fail(error(["nats", "servers"], message)) })

/** Tries durable intake, where it is on; core mode loads nothing of it. */
const tryDurable = Effect.fnUntraced(function*(settings: Settings) {
  if (!settings.nats.jetstream.enabled) return []
  const { durableFaults } = yield* Effect.promise(() => import("../jetstream/JetStreamCheck.ts"))
  const path = ({ reason }: JetStreamFault): FieldPath =>
    reason === "permission" ? credentialPath(settings.nats) : ["nats", "jetstream", "enabled"]
  return (yield* durableFaults(settings)).map((fault) => error(path(fault), fault.message))
})

/** Tries NATS, and over it the bridges. */
const tryNats = (settings: Settings): Effect.Effect<ReadonlyArray<Diagnostic>> =>
  Layer.build(NatsConnection.layer({ ...settings.nats, connect_attempts: 1 })).pipe(
    Effect.mapError((failure) => natsProblem(settings.nats, failure)),
    tooSlow(patience, tooLate),
    Effect.flatMap((connection) =>
      Effect.all([
        tryBridges(settings, credentialPath(settings.nats)).pipe(
          Effect.mapError(({ message }) => error(["nats", "servers"], message))
        ),
        tryDurable(settings)
      ], { concurrency: "unbounded" }).pipe(
        Effect.map((diagnostics) => diagnostics.flat()),
        tooSlow(bridgePatience, bridgeTooLate),
        Effect.provideContext(connection)
      )
    ),
    Effect.scoped,
    Effect.catch((diagnostic) => Effect.succeed([diagnostic]))
  )

/** Tries NATS, the bridges, each key and each model of a configuration, all at once (OPERATIONS, check-config). */
export const tryConnections = (settings: Settings): Effect.Effect<ReadonlyArray<Diagnostic>> =>
  Effect.all([tryNats(settings), tryModels(settings)], { concurrency: "unbounded" }).pipe(
    Effect.map((diagnostics) => diagnostics.flat()),
    Effect.provide([
      LlmHttp.layer(),
      // The problems are the output; log lines of the connection would mix with them.
      Logger.layer([])
    ])
  )
