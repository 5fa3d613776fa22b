import { Context, Effect, Layer, Schedule } from "effect"
import type { BrowserContextOptions, Locator, Page } from "playwright-core"
import { assert } from "@effect/vitest"
import { answering, chunk, type LlmHandler, LlmServer } from "../support/LlmServer.ts"
import { freePort, llmBot } from "../support/Program.ts"
import { Browser } from "./Browser.ts"

/** Markup that would show if any text of the room were ever taken for a part of the page. */
export const hostile = `<img src=x onerror="document.title='owned'"> <script>document.title='owned'</script>`

// More than the bot remembers of its own lines, so that none is dropped as a repeat.
const films = ("Metropolis Nosferatu Charade Vertigo Stalker Solaris Alphaville Rashomon Ikiru Playtime Paisan " +
  "Laura Duel Network Possession").split(" ")

/** Answers that are marked up, under the bot's own name, and with markup of the page's language. */
export const hostileAnswers = films.map((film, index) =>
  `MovieBot: **${film}** has ${index} scenes I love,\nand ${film} is better <b>each</b> ${hostile} time I watch it.`
)

const pieceMs = 30

/** A model that writes these answers in turn, word by word. */
const writing = (answers: ReadonlyArray<string>): LlmHandler => (_, response, index) => {
  const words = (answers[index % answers.length] ?? "").split(/(?<=\s)/)
  response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders()
  const timer = setInterval(() => {
    const word = words.shift()
    if (word !== undefined) return void response.write(chunk(word))
    clearInterval(timer)
    response.end("data: [DONE]\n\n")
  }, pieceMs)
  response.once("close", () => clearInterval(timer))
}

/** The program on a port, until the scope closes. */
export const runPlayground = Effect.fnUntraced(function*(port: number) {
  const { url } = yield* LlmServer
  const program = yield* llmBot(["playground", "--port", String(port)], {
    LLM_BASE_URL: url,
    LLM_API_KEY: "none",
    LLM_MODEL: "llama3.2",
    HTTP_PROXY: ""
  })
  yield* program.output.pipe(
    Effect.repeat({ until: (text) => text.includes("Talk to it at"), schedule: Schedule.spaced("20 millis") }),
    Effect.timeoutOrElse({
      duration: "15 seconds",
      orElse: () => Effect.flatMap(program.output, (text) => Effect.die(new Error(`it did not start:\n${text}`)))
    })
  )
  return program
})

const post = (address: string, path: string, body: unknown) =>
  fetch(`${address}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body)
  }).then((response) => response.json())

/** A person before the page. */
export interface Visitor {
  readonly page: Page
  readonly address: string
  /** Types a line and sends it. */
  readonly say: (text: string) => Promise<void>
  readonly speakAs: (name: string) => Promise<void>
  /** Waits until an element of the kind holds this text. */
  readonly shows: (selector: string, text: string | RegExp) => Promise<void>
  /** Waits until the outcome of the decision that is shown says this. */
  readonly told: (sentence: string | RegExp) => Promise<void>
  /** Opens or closes a section of the settings. */
  readonly section: (title: string) => Promise<void>
  readonly field: (...path: ReadonlyArray<string | number>) => Locator
  /** Changes a setting from elsewhere. */
  readonly set: (path: ReadonlyArray<string | number>, value: unknown) => Promise<unknown>
  readonly post: (path: string, body: unknown) => Promise<unknown>
}

export const visitor = (page: Page, address: string): Visitor => ({
  page,
  address,
  say: async (text) => {
    await page.locator("#message").fill(text)
    await page.locator("#message").press("Enter")
  },
  speakAs: (name) => page.getByRole("radio", { name, exact: true }).check(),
  shows: (selector, text) => page.locator(selector, { hasText: text }).first().waitFor({ state: "attached" }),
  told: (sentence) => page.locator(".outcome h2", { hasText: sentence }).waitFor({ state: "attached" }),
  section: (title) => page.locator(".section > button", { has: page.getByText(title, { exact: true }) }).click(),
  field: (...path) => page.locator(`#set-${path.join("-")}`),
  set: (path, value) => post(address, "/api/settings", { set: [{ path, value }] }),
  post: (path, body) => post(address, path, body)
})

/**
 * A running playground whose opening conversation is over. Its room goes on from visitor to visitor, but each finds the
 * settings it began with and no limit touched.
 */
export class Playground extends Context.Service<Playground, {
  readonly address: string
}>()("test/Playground") {
  /** With a model that gives these answers in turn; hurried, the opening takes as long as its answers. */
  static readonly layer = (answers: ReadonlyArray<string>, hurried = true) =>
    Layer.effect(
      Playground,
      Effect.gen(function*() {
        yield* answering(writing(answers))
        const port = yield* freePort
        const { output } = yield* runPlayground(port)
        const address = `http://127.0.0.1:${port}`
        const isOver = Effect.map(output, (text) => text.split("between us")[1]?.includes("seen in the room") === true)
        const hurry = hurried ? Effect.promise(() => post(address, "/api/clock", { advance_seconds: 2 })) : Effect.void
        yield* Effect.andThen(hurry, isOver).pipe(
          Effect.repeat({ until: (over) => over, schedule: Schedule.spaced("100 millis") }),
          Effect.timeout("20 seconds")
        )
        return Playground.of({ address })
      })
    )
}

/** Lets a person play on the page, in which nothing may go wrong. */
export const visit = Effect.fnUntraced(function*(
  play: (person: Visitor) => Promise<void>,
  options: BrowserContextOptions = {}
) {
  const { address } = yield* Playground
  const browser = yield* Browser
  yield* Effect.promise(async () => {
    await post(address, "/api/settings", { reset: true })
    await post(address, "/api/chatter", { per_minute: 0 })
    await post(address, "/api/clock", { advance_seconds: 4000 })
  })
  const { page, troubles } = yield* browser.open(address, options)
  yield* Effect.ensuring(
    Effect.promise(() => play(visitor(page, address))),
    Effect.promise(() => page.context().close())
  )
  assert.deepStrictEqual(troubles, [])
})
