import type { IncomingMessage, ServerResponse } from "node:http"
import { Context, Effect, Layer, Schedule, Schema } from "effect"
import { listen, readBody } from "./HttpListener.ts"

/** A completion request as it came. */
export interface LlmAsked {
  /** ms on the clock that never goes back. */
  readonly at: number
  readonly headers: IncomingMessage["headers"]
  readonly model: string
  readonly stream: boolean
  readonly stream_options: { readonly include_usage?: boolean } | undefined
  /** With the query. */
  readonly path: string
}

/** How a completion request is answered, or not. `index` counts them from 0. */
export type LlmHandler = (asked: LlmAsked, response: ServerResponse, index: number) => void

const Body = Schema.fromJsonString(Schema.Struct({
  model: Schema.String,
  stream: Schema.optionalKey(Schema.Boolean),
  stream_options: Schema.optionalKey(Schema.Struct({ include_usage: Schema.optionalKey(Schema.Boolean) }))
}))
const decodeBody = Schema.decodeUnknownSync(Body)

/** A response with a status, headers and a body. */
export const says =
  (status: number, body = "{}", headers: Readonly<Record<string, string>> = {}): LlmHandler => (_, response) =>
    void response.writeHead(status, { "content-type": "application/json", ...headers }).end(body)

/** Each of the handlers once, the last one for ever. */
const inTurn = (...handlers: ReadonlyArray<LlmHandler>): LlmHandler => (asked, response, index) =>
  handlers[Math.min(index, handlers.length - 1)]?.(asked, response, index)

/** Answers with so many parts, one after each pause, for ever where there is no last one. */
export const drips = (part: (index: number) => string | undefined, everyMs: number): LlmHandler => (_, response) => {
  response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders()
  let index = 0
  const timer = setInterval(() => {
    const text = part(index++)
    if (text === undefined) {
      clearInterval(timer)
      response.end()
    } else response.write(text)
  }, everyMs)
  response.once("close", () => clearInterval(timer))
}

/** Accepts and never answers. */
export const hangs: LlmHandler = () => undefined

/** A stream's event with a piece of text. */
export const chunk = (content: string): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`

/** A stream's end. */
export const streamEnd = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}\n\n`

/** A real HTTP server that may answer completions in any way there is, and sees who leaves before the end. */
export class LlmServer extends Context.Service<LlmServer, {
  /** Up to and with `/v1`. */
  readonly url: string
  /** Every completion request so far, in order. */
  readonly asked: Effect.Effect<ReadonlyArray<LlmAsked>>
  /** Changes how completions are answered from now on; the requests are counted anew. */
  readonly answer: (handler: LlmHandler) => Effect.Effect<void>
  /** How many responses ended because their socket was closed by the client. */
  readonly aborted: Effect.Effect<number>
  /** Waits until no response is under way; a defect when there still is one after 20 s. */
  readonly idle: Effect.Effect<void>
}>()("test/LlmServer") {
  static readonly make = Effect.gen(function*() {
    let asked: Array<LlmAsked> = []
    let handler: LlmHandler = says(500)
    let underWay = 0
    let aborted = 0

    const complete = (request: IncomingMessage, response: ServerResponse): void => {
      underWay++
      response.once("close", () => {
        underWay--
        if (!response.writableFinished) aborted++
      })
      readBody(request, (text) => {
        const { model, stream = false, stream_options } = decodeBody(text)
        const { headers, url: path = "" } = request
        const call: LlmAsked = { at: performance.now(), headers, model, stream, stream_options, path }
        asked.push(call)
        handler(call, response, asked.length - 1)
      })
    }
    const address = yield* listen((request, response) =>
      request.method === "POST" ? complete(request, response) : void response.writeHead(200).end("{}")
    )
    return LlmServer.of({
      url: `${address}/v1`,
      asked: Effect.sync(() => [...asked]),
      answer: (next) =>
        Effect.sync(() => {
          handler = next
          asked = []
          aborted = 0
        }),
      aborted: Effect.sync(() => aborted),
      idle: Effect.sync(() => underWay).pipe(
        Effect.repeat({ until: (count) => count === 0, schedule: Schedule.spaced("5 millis") }),
        Effect.timeoutOrElse({
          duration: "20 seconds",
          orElse: () => Effect.die(new Error(`${underWay} responses are still under way`))
        }),
        Effect.asVoid
      )
    })
  })

  static readonly layer: Layer.Layer<LlmServer> = Layer.effect(LlmServer, LlmServer.make)
}

/** Lets the server of the test answer with each of the handlers once, with the last one for ever. */
export const answering = (...handlers: ReadonlyArray<LlmHandler>): Effect.Effect<void, never, LlmServer> =>
  Effect.flatMap(LlmServer, ({ answer }) => answer(inTurn(...handlers)))
