import { Option } from "effect"
import type { Served } from "./CompletionChunk.ts"
import type { LlmApi } from "../settings/LlmSettings.ts"
import { attribute, type Attributes, type AttributeValue } from "../telemetry/TraceNames.ts"

/** The protocol is OpenAI's, whoever runs the server. */
const provider = "openai"
const withoutUndefined = (values: Readonly<Record<string, AttributeValue | undefined>>): Attributes =>
  Object.fromEntries(Object.entries(values).flatMap(([name, value]) => value === undefined ? [] : [[name, value]]))

/** One request to a model. */
export interface ChatRequest {
  readonly model: string
  /** The server's URL. */
  readonly url: string
  readonly api: Pick<LlmApi, "parameters" | "stream">
}

/** The span attributes of a request. */
export const chatRequestAttributes = ({ api, model, url }: ChatRequest): Attributes => {
  const { max_completion_tokens, max_tokens, temperature, top_p } = api.parameters
  const { hostname, port, protocol } = new URL(url)
  return withoutUndefined({
    [attribute.operationName]: "chat",
    [attribute.providerName]: provider,
    [attribute.requestModel]: model,
    [attribute.requestStream]: api.stream,
    [attribute.requestTemperature]: Option.getOrUndefined(temperature),
    [attribute.requestTopP]: Option.getOrUndefined(top_p),
    [attribute.requestMaxTokens]: Option.getOrUndefined(Option.orElse(max_tokens, () => max_completion_tokens)),
    [attribute.serverAddress]: hostname,
    [attribute.serverPort]: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port)
  })
}

/** A model's answer without its text. */
export interface ChatAnswer {
  readonly finishReason: string
  readonly inputTokens: number
  readonly outputTokens: number
  /** True when the server reported no usage: an estimate is not exported. */
  readonly estimated: boolean
  readonly served?: Served
  /** ms until the first text of a streamed answer. */
  readonly firstTextMs: number | undefined
}

/** The span attributes of an answer. */
export const chatAnswerAttributes = (answer: ChatAnswer): Attributes =>
  withoutUndefined({
    [attribute.responseId]: answer.served?.id,
    [attribute.responseModel]: answer.served?.model,
    [attribute.responseFinishReasons]: [answer.finishReason],
    [attribute.responseTimeToFirstChunk]: answer.firstTextMs === undefined ? undefined : answer.firstTextMs / 1000,
    [attribute.inputTokens]: answer.estimated ? undefined : answer.inputTokens,
    [attribute.outputTokens]: answer.estimated ? undefined : answer.outputTokens
  })
