import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as overHttp
} from "node:http"
import { Agent as TlsAgent, request as overTls } from "node:https"
import { Context, Effect, Layer, Schema } from "effect"

/**
 * How long an idle connection is kept: less than servers keep it (5 s and more), so that none closes a
 * connection just as it is reused.
 */
const keptMs = 4_000
/** Idle connections that are kept; more are closed. */
const mostIdle = 256
/** How long the end of an answer that is read may take before its connection is given up, ms. */
const endWithinMs = 1_000

/** A request to a model's server. */
export interface HttpRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** JSON to post; without it the request is a GET. */
  readonly body?: string
}

/** No response, or one that broke off. */
export class HttpFailed extends Schema.TaggedError<HttpFailed>()("HttpFailed", {
  /** The system's code (`ECONNREFUSED`): the message may quote headers, and with them the key. */
  code: Schema.String
}) {
  override get message() {
    return `the model's server cannot be reached (${this.code})`
  }
}

/** A response, its body still to be read. */
export interface HttpResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** Gives the body to `take` part by part, until that wants no more or the body ends; the rest can be read later. */
  readonly read: (take: (part: string) => boolean) => Effect.Effect<void, HttpFailed>
  /** Nothing but the end is to come: the connection is kept if it comes soon. */
  readonly finish: () => void
}

/** A request under way. */
export interface HttpExchange {
  /** Sends it and waits for the response. To be run once. */
  readonly response: Effect.Effect<HttpResponse, HttpFailed>
  /** Closes the connection, unless the response is read to its end or finished. */
  readonly close: () => void
}

/** Speaks HTTP with the models' servers, without time limits of its own (F5). It follows no redirect. */
export class LlmHttp extends Context.Service<LlmHttp, {
  readonly begin: (request: HttpRequest) => HttpExchange
}>()("llm-bot/LlmHttp") {}

const failed = (error: unknown): HttpFailed => {
  const code = error instanceof Error && "code" in error ? error.code : undefined
  return new HttpFailed({
    code: typeof code === "string" && /^[A-Z][A-Z0-9_]{2,50}$/.test(code) ? code : "no response"
  })
}

const read = (message: IncomingMessage, take: (part: string) => boolean): Effect.Effect<void, HttpFailed> =>
  Effect.callback((resume) => {
    if (message.readableEnded) return resume(Effect.void)
    const end = (result: Effect.Effect<void, HttpFailed>): void => {
      message.off("data", onData).off("close", onClose)
      message.pause()
      resume(result)
    }
    const onData = (part: string): void => {
      try {
        if (take(part)) end(Effect.void)
      } catch (defect) {
        end(Effect.die(defect))
      }
    }
    // What is closed has ended, or broke off.
    const onClose = (): void => end(message.readableEnded ? Effect.void : Effect.fail(failed(message.errored)))
    if (message.closed) return onClose()
    message.on("data", onData).on("close", onClose)
    message.resume()
  })

const responseOf = (message: IncomingMessage, onFinish: () => void): HttpResponse => {
  message.setEncoding("utf8")
  // Told by whoever reads.
  message.on("error", () => undefined)
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    read: (take) => read(message, take),
    finish: () => {
      onFinish()
      const giveUp = setTimeout(() => message.destroy(), endWithinMs)
      message.once("close", () => clearTimeout(giveUp)).resume()
    }
  }
}

/** Over `node:http`, with connections that are kept open. */
export const layer = (idleMs = keptMs): Layer.Layer<LlmHttp> =>
  Layer.effect(
    LlmHttp,
    Effect.gen(function*() {
      const options = { keepAlive: true, timeout: idleMs, maxFreeSockets: mostIdle }
      const agents = yield* Effect.acquireRelease(
        Effect.sync(() => ({ plain: new Agent(options), tls: new TlsAgent(options) })),
        ({ plain, tls }) =>
          Effect.sync(() => {
            plain.destroy()
            tls.destroy()
          })
      )
      const call = ({ body, headers, url }: HttpRequest): ClientRequest => {
        const isPlain = url.startsWith("http:")
        return (isPlain ? overHttp : overTls)(url, {
          method: body === undefined ? "GET" : "POST",
          agent: isPlain ? agents.plain : agents.tls,
          headers: body === undefined ? headers : {
            ...headers,
            "content-type": "application/json",
            "content-length": Buffer.byteLength(body)
          }
        })
      }
      return LlmHttp.of({
        begin: (request) => {
          let called: ClientRequest | undefined
          let finished = false
          const onFinish = (): void => {
            finished = true
          }
          return {
            response: Effect.callback((resume) => {
              try {
                called = call(request)
              } catch (error) {
                return resume(Effect.fail(failed(error)))
              }
              called.on("response", (message) => resume(Effect.succeed(responseOf(message, onFinish))))
              // Behind the response it only repeats what its reader is told.
              called.on("error", (error) => resume(Effect.fail(failed(error))))
              called.end(request.body)
            }),
            close: () => {
              if (!finished) called?.destroy()
            }
          }
        }
      })
    })
  )
