import type { ServerResponse } from "node:http"
import { Context, Effect, Layer, Schema } from "effect"
import { listen, readBody } from "./HttpListener.ts"

const Messages = Schema.Struct({
  messages: Schema.Array(Schema.Struct({ role: Schema.String, content: Schema.String }))
})

const Asked = Schema.fromJsonString(Messages)

/** A request the double got. */
export interface LlmCall {
  readonly method: string
  readonly path: string
  readonly authorization: string | undefined
  readonly body: string
}

/** How the double answers a completion. */
export interface LlmBehaviour {
  readonly status: number | ((call: LlmCall) => number)
  readonly delayMs: number | ((call: LlmCall) => number)
  readonly headers: Readonly<Record<string, string>>
  readonly body: (call: LlmCall) => string
}

/** All texts of a completion request, joined; empty when it is none. */
export const promptOf = (call: LlmCall): string =>
  Schema.decodeOption(Asked)(call.body).pipe((asked) =>
    asked._tag === "None" ? "" : asked.value.messages.map(({ content }) => content).join("\n")
  )

/** What the double says about a line: its first four words, none longer than 12, so that no two lines get one answer. */
export const answerTo = (line: string): string => {
  const words = line.match(/[\p{L}\p{N}]+/gu) ?? []
  return `So you said ${words.slice(0, 4).map((word) => word.slice(0, 12)).join(" ")}, and I agree`
}

/** A completion with the text and a fixed usage. */
export const completionOf = (text: string): string =>
  JSON.stringify({
    id: "double",
    object: "chat.completion",
    choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: "stop" }],
    usage: { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 }
  })

/** The line the prompt asks to answer: the text of the last fence. */
export const askedLine = (call: LlmCall): string => promptOf(call).split("<line>").at(-1)?.split("</line>")[0] ?? ""

const agreeable: LlmBehaviour = {
  status: 200,
  delayMs: 0,
  headers: {},
  body: (call) => completionOf(answerTo(askedLine(call)))
}

const reply = (response: ServerResponse, status: number, headers: LlmBehaviour["headers"], body: string): void => {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(body)
}

/** A real HTTP server that speaks the OpenAI protocol and answers every line with a text a test can foretell. */
export class LlmDouble extends Context.Service<LlmDouble, {
  /** Up to and with `/v1`. */
  readonly url: string
  /** Every request so far, in order. */
  readonly calls: Effect.Effect<ReadonlyArray<LlmCall>>
  /** Changes how completions are answered from now on. */
  readonly behave: (change: Partial<LlmBehaviour>) => Effect.Effect<void>
}>()("test/LlmDouble") {
  static readonly layer: Layer.Layer<LlmDouble> = Layer.effect(
    LlmDouble,
    Effect.gen(function*() {
      const calls: Array<LlmCall> = []
      let behaviour = agreeable

      const answer = (call: LlmCall, response: ServerResponse): void => {
        if (call.path.endsWith("/models")) return reply(response, 200, {}, `{"object":"list","data":[{"id":"double"}]}`)
        if (!call.path.endsWith("/chat/completions")) return reply(response, 404, {}, "{}")
        const { body, delayMs, headers, status } = behaviour
        const afterMs = typeof delayMs === "number" ? delayMs : delayMs(call)
        const code = typeof status === "number" ? status : status(call)
        const timer = setTimeout(() => reply(response, code, headers, body(call)), afterMs)
        response.once("close", () => clearTimeout(timer))
      }

      const address = yield* listen((request, response) =>
        readBody(request, (body) => {
          const { headers: { authorization }, method = "", url: path = "" } = request
          const call = { method, path, authorization, body }
          calls.push(call)
          answer(call, response)
        })
      )
      return LlmDouble.of({
        url: `${address}/v1`,
        calls: Effect.sync(() => [...calls]),
        behave: (change) =>
          Effect.sync(() => {
            behaviour = { ...behaviour, ...change }
          })
      })
    })
  )
}
