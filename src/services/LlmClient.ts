import { Context, type Effect, type Option, Schema } from "effect"
import { type Closure, ClosureReason } from "../domain/endpoints/CircuitBreaker.ts"
import type { Served } from "../domain/llm/CompletionChunk.ts"
import type { LlmAttempt } from "../domain/decision/Decision.ts"
import type { CorrelationId } from "../domain/Ids.ts"
import type { PromptMessage } from "../domain/llm/Prompt.ts"
import type { StopCondition } from "../domain/reply/StopCondition.ts"
import type { LlmApi } from "../domain/settings/LlmSettings.ts"

/** No answer within the time limit. */
export class LlmTimeout extends Schema.TaggedError<LlmTimeout>()("LlmTimeout", {
  afterMs: Schema.Finite,
  /** Whether the budget of the whole completion ended here too; else only the time limit of the attempt (F7). */
  budgetSpent: Schema.Boolean
}) {
  readonly retryable = true
  override get message() {
    return `the model did not answer within ${Math.round(this.afterMs / 100) / 10} s; take a faster model, or raise ` +
      (this.budgetSpent ? "response.reply_deadline_seconds" : "llm_api.timeout_seconds")
  }
}

/** The server could not be reached, or the connection broke. */
export class LlmUnreachable extends Schema.TaggedError<LlmUnreachable>()("LlmUnreachable", { detail: Schema.String }) {
  readonly retryable = true
  override get message() {
    return `the model's server cannot be reached (${this.detail}); is llm_api.base_url right and the server up?`
  }
}

/** The answer is truncated: the stream broke, or closed in the middle of a sentence (F5). */
export class LlmBroken extends Schema.TaggedError<LlmBroken>()("LlmBroken", {}) {
  readonly retryable = true
  override get message() {
    return "the model's server stopped in the middle of its answer; does it, or a proxy before it, close connections early?"
  }
}

/** The server failed (5xx). */
export class LlmServerFailed extends Schema.TaggedError<LlmServerFailed>()("LlmServerFailed", { status: Schema.Int }) {
  readonly retryable = true
  override get message() {
    return this.status < 400
      ? "the model's server reported an error in place of an answer; see its log"
      : `the model's server failed with ${this.status}; see its log or its status page, and give it llm_api.fallbacks`
  }
}

/** Rate limited (429): the endpoint is closed for a while; a reply waits for it if time allows (F5). */
export class LlmRateLimited extends Schema.TaggedError<LlmRateLimited>()("LlmRateLimited", {
  /** `Retry-After`, if the server sent one. */
  retryAfterMs: Schema.UndefinedOr(Schema.Finite)
}) {
  readonly retryable = false
  override get message() {
    const wait = this.retryAfterMs === undefined ? "" : ` for ${Math.ceil(this.retryAfterMs / 1000)} s`
    return `the model's server wants no more requests${wait}; see the limits of its plan`
  }
}

/** Why an endpoint is closed, in words. */
export const closedBecause: Readonly<Record<ClosureReason, string>> = {
  rate_limit: "its server wanted fewer requests",
  failures: "its server failed too often",
  account_empty: "its account has no credit left"
}

/** The endpoint is closed, so nothing was sent (F5: 429, circuit breaker). */
export class LlmEndpointClosed extends Schema.TaggedError<LlmEndpointClosed>()("LlmEndpointClosed", {
  model: Schema.String,
  forMs: Schema.Finite,
  why: ClosureReason
}) {
  readonly retryable = false
  override get message() {
    return `${this.model} is not asked for another ${Math.ceil(this.forMs / 1000)} s: ${closedBecause[this.why]}`
  }
}

/** No HTTP header can carry the key, so nothing was sent (F5). */
export class LlmKeyUnusable extends Schema.TaggedError<LlmKeyUnusable>()("LlmKeyUnusable", {
  /** Without the key itself. */
  detail: Schema.String
}) {
  readonly retryable = false
  override get message() {
    return `the key of the model's server cannot be sent: ${this.detail}; check api_key`
  }
}

/** The server redirects elsewhere; the conversation and the key go only where the operator says (F5). */
export class LlmRedirected extends Schema.TaggedError<LlmRedirected>()("LlmRedirected", {
  /** The redirect's origin: scheme, host and port. */
  to: Schema.String
}) {
  readonly retryable = false
  override get message() {
    return `the model's server redirects to ${this.to}, which is not followed; if that is right, set base_url to it`
  }
}

/** The server refuses the request as it is (other 4xx): a wrong key, model or parameter. */
export class LlmRejected extends Schema.TaggedError<LlmRejected>()("LlmRejected", { status: Schema.Int }) {
  readonly retryable = false
  override get message() {
    const hint = this.status === 401 || this.status === 403
      ? "check llm_api.api_key"
      : this.status === 402
      ? "the account of this key has no credit left: add some at the provider"
      : this.status === 404
      ? "check llm_api.base_url and llm_api.model"
      : "check llm_api.parameters"
    return `the model's server refused the request with ${this.status}; ${hint}`
  }
}

/** The answer is no chat completion: a page, something else, nothing; a proxy may have stood in for the server. */
export class LlmBadAnswer extends Schema.TaggedError<LlmBadAnswer>()("LlmBadAnswer", { detail: Schema.String }) {
  readonly retryable = true
  override get message() {
    return `the model's server sent no chat completion (${this.detail}); is it an OpenAI-compatible endpoint?`
  }
}

/** What to do about an answer without text, by its finish reason. */
const emptyAdvice: Readonly<Record<string, string>> = {
  content_filter: "the provider's filter took it; soften the system prompt or take another llm_api.model",
  length: "raise llm_api.parameters.max_tokens",
  tool_calls: "it called a tool; take tools out of llm_api.extra_body"
}

/** A completion without text: refused, cut off, or nothing to say. */
export class LlmEmpty extends Schema.TaggedError<LlmEmpty>()("LlmEmpty", {
  finishReason: Schema.String,
  /** It reasoned but gave no answer. */
  thinking: Schema.optionalKey(Schema.Literal(true)),
  /** The usage the server reported: these tokens are billed like any others. */
  usage: Schema.optionalKey(
    Schema.Struct({ model: Schema.String, inputTokens: Schema.Finite, outputTokens: Schema.Finite })
  )
}) {
  readonly retryable = false
  override get message() {
    return this.thinking === true
      ? `the model stopped inside its thinking (${this.finishReason}) and answered nothing; ${
        this.finishReason === "length" ? "raise llm_api.parameters.max_tokens" : "take llm_api.parameters.stop out"
      } or switch its thinking off in llm_api.extra_body`
      : `the model answered nothing (${this.finishReason}); ${
        emptyAdvice[this.finishReason] ?? "if that is frequent, look at the prompt or take another llm_api.model"
      }`
  }
}

/** Why there is no completion. */
export type LlmError =
  | LlmTimeout
  | LlmUnreachable
  | LlmBroken
  | LlmServerFailed
  | LlmRateLimited
  | LlmEndpointClosed
  | LlmKeyUnusable
  | LlmRedirected
  | LlmRejected
  | LlmBadAnswer
  | LlmEmpty

/** How an attempt that failed is counted (OPERATIONS, metrics). */
export const attemptStatus = ({ _tag }: LlmError): LlmAttempt["status"] =>
  _tag === "LlmTimeout" ? "timeout" : _tag === "LlmRateLimited" ? "rate_limited" : "error"

/** What is asked of a model, and how. */
export interface LlmRequest {
  /** The decision that asks. */
  readonly correlationId: CorrelationId
  readonly messages: ReadonlyArray<PromptMessage>
  readonly model: string
  readonly api: LlmApi
  /** ms the whole completion may take, retries included; none = no limit. */
  readonly budgetMs: Option.Option<number>
  /** Creates the stop condition, once per attempt. */
  readonly enough: () => StopCondition
  /** Called for every HTTP attempt. */
  readonly onAttempt: (attempt: LlmAttempt) => Effect.Effect<void>
  /** Called while an answer streams in: the text so far, from the start again with each attempt. */
  readonly onText?: (text: string) => void
}

/** A model's raw answer, before any processing. */
export interface Completion {
  readonly text: string
  readonly model: string
  readonly finishReason: string
  readonly inputTokens: number
  readonly outputTokens: number
  /** True when the server reported no usage and the tokens are characters / 4. */
  readonly estimated: boolean
  /** The id and the model that the server reports. */
  readonly served?: Served
}

/** A closed endpoint by its model. */
export interface ClosedEndpoint extends Closure {
  readonly model: string
}

/** Asks the model. */
export class LlmClient extends Context.Service<LlmClient, {
  readonly complete: (request: LlmRequest) => Effect.Effect<Completion, LlmError>
  /** Whether the server answered when last asked (F5: any answer but 401, 403 and 5xx to `GET /models`). */
  readonly available: Effect.Effect<boolean>
  /** The endpoints closed now. */
  readonly closed: Effect.Effect<ReadonlyArray<ClosedEndpoint>>
  /** Opens every closed endpoint: after a reload the cause may be mended. */
  readonly reopen: Effect.Effect<void>
}>()("llm-bot/LlmClient") {}
