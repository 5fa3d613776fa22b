import { Effect, Layer } from "effect"
import { estimateTokens } from "../domain/ChatCompletion.ts"
import { LlmClient, type LlmRequest } from "../services/LlmClient.ts"

/** How the built-in model names itself wherever a model is named. */
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

const latency = "400 millis"

/**
 * A stand-in that needs no server: recites its lines in turn, so that no two neighbours are alike, and says that it is
 * a script. For the playground and for tests.
 */
export const layer: Layer.Layer<LlmClient> = Layer.sync(LlmClient, () => {
  let next = 0
  return LlmClient.of({
    available: Effect.succeed(true),
    complete: Effect.fn("LlmScripted.complete")(function*(request: LlmRequest) {
      yield* Effect.sleep(latency)
      const text = lines[next++ % lines.length] ?? ""
      const asked = request.messages.reduce((sum, { content }) => sum + content.length, 0)
      yield* request.onAttempt({ model: modelName, attempt: 1, status: "success", durationMs: 400, detail: "" })
      return {
        text,
        model: modelName,
        finishReason: "stop",
        inputTokens: estimateTokens(asked),
        outputTokens: estimateTokens(text.length),
        estimated: true
      }
    })
  })
})
