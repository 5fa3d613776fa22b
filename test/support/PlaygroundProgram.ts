import { request } from "node:http"
import { Effect, Schedule, Schema } from "effect"
import { freePort, llmBot } from "./Program.ts"

/** A response as a person would see it. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string> | undefined>>
  readonly text: string
}

type Json = Schema.Json
const parseJson = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Json))

/** What a path of names leads to in a JSON value; nothing when it leads nowhere. */
export const at = (value: Json | undefined, ...path: ReadonlyArray<string | number>): Json | undefined =>
  path.reduce<Json | undefined>((inner, key) => {
    if (typeof inner !== "object" || inner === null) return undefined
    return Object.entries(inner).find(([name]) => name === String(key))?.[1]
  }, value)

/** The JSON of an answer. */
export const json = ({ text }: Answer): Json => parseJson(text)

/** One request, its path taken literally. */
const ask = (port: number, method: string, path: string, headers: Record<string, string>, body = "") =>
  Effect.callback<Answer>((resume) => {
    const asking = request({ host: "127.0.0.1", port, method, path, headers }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (part: string) => {
        text += part
      })
      response.on(
        "end",
        () => resume(Effect.succeed({ status: response.statusCode ?? 0, headers: response.headers, text }))
      )
    })
    asking.on("error", (error) => resume(Effect.die(error)))
    asking.end(body)
  })

/** Follows a stream of events until the scope closes; the events so far, and whether it is open. */
const follow = Effect.fnUntraced(function*(port: number, path: string) {
  const seen: Array<Json> = []
  let text = ""
  yield* Effect.acquireRelease(
    Effect.callback<ReturnType<typeof request>>((resume) => {
      const asking = request({ host: "127.0.0.1", port, path }, (response) => {
        response.setEncoding("utf8").on("data", (part: string) => {
          const parts = (text + part).split("\n\n")
          text = parts.pop() ?? ""
          for (const event of parts) if (event.startsWith("data: ")) seen.push(parseJson(event.slice("data: ".length)))
          resume(Effect.succeed(asking))
        })
      })
      asking.on("error", () => undefined).end()
    }),
    (asking) => Effect.sync(() => void asking.destroy())
  )
  return {
    seen: Effect.sync(() => [...seen]),
    /** Waits for an event that is as wanted. */
    find: (wanted: (event: Json) => boolean) =>
      Effect.sync(() => seen.find(wanted)).pipe(
        Effect.repeat({ until: (event) => event !== undefined, schedule: Schedule.spaced("10 millis") }),
        Effect.timeoutOrElse({
          duration: "10 seconds",
          orElse: () => Effect.die(new Error(`no such event on ${path} among ${JSON.stringify(seen)}`))
        })
      )
  }
})

/** `llm-bot playground` in a process of its own, and its page's server. */
export const startPlayground = Effect.fnUntraced(function*(
  args: ReadonlyArray<string> = [],
  env: Readonly<Record<string, string>> = {}
) {
  const port = yield* freePort
  const program = yield* llmBot(["playground", "--port", String(port), ...args], env)
  yield* program.output.pipe(
    Effect.repeat({ until: (text) => text.includes("Talk to it at"), schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutOrElse({
      duration: "15 seconds",
      orElse: () => Effect.flatMap(program.output, (text) => Effect.die(new Error(`it did not start:\n${text}`)))
    })
  )
  const own = { host: `127.0.0.1:${port}` }
  return {
    program,
    get: (path: string, headers: Record<string, string> = own) => ask(port, "GET", path, headers),
    post: (
      path: string,
      body: unknown,
      headers: Record<string, string> = { ...own, "content-type": "application/json" }
    ) => ask(port, "POST", path, headers, typeof body === "string" ? body : JSON.stringify(body)),
    follow: (path: string) => follow(port, path)
  }
})
