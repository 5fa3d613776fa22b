import { Effect, Layer, Logger, Option } from "effect"
import type { Diagnostic } from "../../domain/settings/Diagnostic.ts"
import type { NatsSettings, Settings } from "../../domain/settings/Settings.ts"
import type { NatsConnectError } from "../../services/Nats.ts"
import * as LlmHttp from "../llm/LlmHttp.ts"
import * as NatsConnection from "../nats/NatsConnection.ts"
import { error, patience, tooLate, tryModels } from "./ModelCheck.ts"

/** The field to look at when NATS cannot be reached, and why. */
const natsProblem = ({ creds_file, password, token, user }: NatsSettings, failure: NatsConnectError): Diagnostic => {
  switch (failure._tag) {
    case "NatsUnreachable":
      return error(["nats", "servers"], failure.message)
    case "NatsFileUnusable":
      return error(["nats", ...failure.field.split(".")], failure.detail)
    case "NatsRefused": {
      const credential = Object.entries({ creds_file, token, password, user }).find(([, secret]) =>
        Option.isSome(secret)
      )
      return error(["nats", credential === undefined ? "servers" : credential[0]], failure.message)
    }
  }
}

const tryNats = (settings: NatsSettings): Effect.Effect<ReadonlyArray<Diagnostic>> =>
  Layer.build(NatsConnection.layer({ ...settings, connect_attempts: 1 })).pipe(
    Effect.scoped,
    Effect.as([]),
    Effect.catch((failure) => Effect.succeed([natsProblem(settings, failure)])),
    Effect.timeoutOrElse({
      duration: patience,
      orElse: () => Effect.succeed([error(["nats", "servers"], tooLate)])
    })
  )

/** Tries NATS, each key and each model of a configuration, all at once (OPERATIONS, check-config). */
export const tryConnections = (settings: Settings): Effect.Effect<ReadonlyArray<Diagnostic>> =>
  Effect.all([tryNats(settings.nats), tryModels(settings)], { concurrency: "unbounded" }).pipe(
    Effect.map((diagnostics) => diagnostics.flat()),
    Effect.provide([
      LlmHttp.layer(),
      // The problems are the output; log lines of the connection would mix with them.
      Logger.layer([])
    ])
  )
