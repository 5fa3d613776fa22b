import { Effect, Option, Ref, Schedule } from "effect"
import { endpointUrl } from "../../domain/endpoints/EndpointUrl.ts"
import { BotConfig } from "../../services/BotConfig.ts"
import type { LlmError } from "../../services/LlmClient.ts"
import type { LlmHttp } from "./LlmHttp.ts"
import { send } from "./LlmSend.ts"

/** The interval of checks of a failed server, and their timeout. */
const probeEvery = "15 seconds"
const probeTimeout = "5 seconds"

/** Failures beyond one reply: the server itself fails, or cannot be asked at all. */
const suspects = (error: LlmError): boolean => {
  switch (error._tag) {
    case "LlmEndpointClosed":
    case "LlmKeyUnusable":
    case "LlmRedirected":
      return true
    case "LlmRejected":
      return [401, 402, 403].includes(error.status)
    default:
      return error.retryable
  }
}

/** Whether the server can be asked (F5): by `GET /models` at start and while it fails, and by every completion. */
export const makeAvailability = Effect.fnUntraced(function*(http: LlmHttp["Service"]) {
  const config = yield* BotConfig
  const available = yield* Ref.make(true)

  /** The server's failure, if any. */
  const look = Effect.gen(function*() {
    const { settings } = yield* config.current
    const { api_key, base_url } = settings.llm_api
    const request = { url: endpointUrl(base_url, "/models"), headers: {} }
    const status = yield* send(http, request, api_key, ({ status }) => Effect.succeed(status))
    return status === 401 || status === 403 || status >= 500 ? Option.some(`it answers ${status}`) : Option.none()
  }).pipe(
    Effect.catchTag("HttpFailed", ({ code }) => Effect.succeedSome(`it cannot be reached (${code})`)),
    Effect.catchTag(["LlmKeyUnusable", "LlmRedirected"], ({ message }) => Effect.succeedSome(message)),
    Effect.timeoutOrElse({ duration: probeTimeout, orElse: () => Effect.succeedSome("no answer") })
  )

  const probe = Effect.gen(function*() {
    const problem = yield* look
    const before = yield* Ref.getAndSet(available, Option.isNone(problem))
    if (before && Option.isSome(problem)) {
      yield* Effect.logWarning("LLM endpoint unavailable", problem.value)
    }
    if (!before && Option.isNone(problem)) yield* Effect.logInfo("LLM endpoint available again")
  })
  yield* probe
  yield* Ref.get(available).pipe(
    Effect.flatMap((answers) => answers ? Effect.void : probe),
    Effect.repeat(Schedule.spaced(probeEvery)),
    Effect.forkScoped
  )
  return {
    available: Ref.get(available),
    /** A failed reply makes the next check due. */
    failed: (error: LlmError) => suspects(error) ? Ref.set(available, false) : Effect.void,
    answered: Ref.set(available, true)
  }
}, Effect.annotateLogs({ logger: "LlmClient" }))
