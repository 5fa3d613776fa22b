import process from "node:process"
import { Effect, Option, Schema } from "effect"
import { FetchHttpClient, HttpClient, HttpClientResponse } from "effect/http"
import * as LlmScripted from "../llm/LlmScripted.ts"

/** The source of the playground's answers without `--config`. */
export interface PlaygroundModel {
  /** The variables `playground/playground.yaml` is filled from. */
  readonly environment: Readonly<Record<"LLM_BASE_URL" | "LLM_API_KEY" | "LLM_MODEL", string>>
  /** False for the built-in script. */
  readonly real: boolean
}

const ollama = "http://127.0.0.1:11434"
const Tags = Schema.Struct({ models: Schema.NonEmptyArray(Schema.Struct({ name: Schema.NonEmptyString })) })

/** The first model of an Ollama on this machine, if one runs. */
const ollamaModel = HttpClient.get(`${ollama}/api/tags`).pipe(
  Effect.flatMap(HttpClientResponse.schemaBodyJson(Tags)),
  Effect.map(({ models }) => models[0].name),
  Effect.timeout("500 millis"),
  Effect.option,
  Effect.provide(FetchHttpClient.layer)
)

/** `LLM_BASE_URL`, `LLM_API_KEY`, `LLM_MODEL`; else a local Ollama; else the script (OPERATIONS, playground). */
export const findModel: Effect.Effect<PlaygroundModel> = Effect.gen(function*() {
  const { LLM_API_KEY = "none", LLM_BASE_URL, LLM_MODEL = "gpt-4o-mini" } = process.env
  if (LLM_BASE_URL !== undefined && LLM_BASE_URL !== "") {
    return { environment: { LLM_BASE_URL, LLM_API_KEY, LLM_MODEL }, real: true }
  }
  const local = yield* ollamaModel
  const model = Option.getOrElse(local, () => LlmScripted.modelName)
  return {
    environment: { LLM_BASE_URL: `${ollama}/v1`, LLM_API_KEY: "none", LLM_MODEL: model },
    real: Option.isSome(local)
  }
})
