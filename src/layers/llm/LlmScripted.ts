import { Effect, Layer, Result } from "effect"
import { estimateTokens } from "../../domain/llm/ChatCompletion.ts"
import { promptLength } from "../../domain/llm/Prompt.ts"
import { attemptStatus, LlmClient, type LlmError, type LlmRequest } from "../../services/LlmClient.ts"

/** The name of the built-in model. */
export const modelName = "built-in script (no real model)"

const lines = [
  "I am only a script, not a real model, but I did read that.",
  "Good question! A real model would know; I just recite.",
  "Popcorn is ready on my side, whatever we are watching.",
  "Somebody please give me a real brain: set LLM_BASE_URL.",
  "That scene again? I could recite it backwards by now.",
  "My script says to agree with you here, so I agree.",
  "Quiet night in here, just how a canned answer likes it.",
  "Ask me again tomorrow and you get another canned line.",
  "I vote for one more episode, and scripts vote twice.",
  "Between us: every one of my twelve lines is a classic.",
  "Cheers from the script! The real model is one setting away.",
  "Noted. A scripted bot never forgets, it just starts over."
]

/** The script's answer to one request, and its timing. */
export interface ScriptedAnswer {
  readonly afterMs: number
  readonly says: Result.Result<string, LlmError>
}

/** Streams an answer word by word over its duration, if there is a listener; each word at a whole ms. */
const speak = Effect.fnUntraced(function*({ onText }: LlmRequest, { afterMs, says }: ScriptedAnswer) {
  const words = onText === undefined || Result.isFailure(says) ? [] : says.success.match(/\s*\S+/g) ?? []
  const due = (spoken: number) => Math.floor(afterMs * spoken / Math.max(1, words.length))
  for (const [index] of words.entries()) {
    const pauseMs = due(index + 1) - due(index)
    if (pauseMs > 0) yield* Effect.sleep(pauseMs)
    onText?.(words.slice(0, index + 1).join(""))
  }
  if (words.length === 0 && afterMs > 0) yield* Effect.sleep(afterMs)
})

/** A model that answers the nth request (from 0) by the script. */
export const layerOf = (script: (request: LlmRequest, index: number) => ScriptedAnswer): Layer.Layer<LlmClient> =>
  Layer.sync(LlmClient, () => {
    let requests = 0
    return LlmClient.of({
      available: Effect.succeed(true),
      closed: Effect.succeed([]),
      reopen: Effect.void,
      complete: Effect.fn("LlmScripted.complete")(function*(request: LlmRequest) {
        const answer = script(request, requests++)
        yield* speak(request, answer)
        const { afterMs, says } = answer
        const about = { model: modelName, attempt: 1, durationMs: afterMs }
        if (Result.isFailure(says)) {
          yield* request.onAttempt({ ...about, status: attemptStatus(says.failure), detail: says.failure.message })
          return yield* says.failure
        }
        yield* request.onAttempt({ ...about, status: "success", detail: "" })
        return {
          text: says.success,
          model: modelName,
          finishReason: "stop",
          inputTokens: estimateTokens(promptLength(request.messages)),
          outputTokens: estimateTokens(says.success.length),
          estimated: true
        }
      })
    })
  })

/** Asked whether a comment would fit, the script wants to speak. */
const isQuestion = ({ messages }: LlmRequest): boolean => /yes or no\.?$/i.test(messages.at(-1)?.content ?? "")

/**
 * A stand-in that needs no server: recites its lines in turn, so that no two neighbours are alike, and says that it is
 * a script.
 */
export const layer: Layer.Layer<LlmClient> = layerOf((request, index) =>
  isQuestion(request)
    ? { afterMs: 100, says: Result.succeed("Yes") }
    : { afterMs: 800, says: Result.succeed(lines[index % lines.length] ?? "") }
)
