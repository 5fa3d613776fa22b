import type { IncomingMessage, ServerResponse } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { stringify } from "yaml"
import { pathText } from "../../../src/domain/settings/Diagnostic.ts"
import { tryModels } from "../../../src/layers/config/ModelCheck.ts"
import * as LlmHttp from "../../../src/layers/llm/LlmHttp.ts"
import { listen } from "../../support/HttpListener.ts"
import { completionOf } from "../../support/LlmDouble.ts"
import { settingsOf } from "../../support/Simulation.ts"

type Handler = (response: ServerResponse, request: IncomingMessage) => void

const answers = (status: number, body = "{}", headers: Readonly<Record<string, string>> = {}): Handler => (response) =>
  void response.writeHead(status, headers).end(body)
const lists = (...ids: ReadonlyArray<string>): Handler =>
  answers(200, JSON.stringify({ data: ids.map((id) => ({ id })) }))
const completes = answers(200, completionOf("Hi"))
const page = answers(200, "<html>a page for any path</html>")

/** What is there, by method and path; anything else is 404. */
const serving = (routes: Readonly<Record<string, Handler>>) =>
  listen((request, response) => {
    const handler = routes[`${request.method} ${request.url}`] ?? answers(404, "404 page not found")
    request.resume()
    handler(response, request)
  })

const check = Effect.fnUntraced(function*(base_url: string, api_key = "k", fallbacks: ReadonlyArray<object> = []) {
  const found = yield* tryModels(settingsOf(stringify({
    nats: { servers: ["nats://memory"] },
    channels: [{ name: "lobby" }],
    bot: { username: "MovieBot" },
    llm_api: { base_url, api_key, model: "gpt-x", fallbacks }
  })))
  return found.map(({ message, path, suggestion }) =>
    `${pathText(path)}: ${message}${suggestion === undefined ? "" : ` (${suggestion}?)`}`
  )
}, Effect.provide(LlmHttp.layer()))

const noPath = (path: string, status = 404) =>
  `llm_api.base_url: the server has no ${path} (${status}); it goes up to and with /v1`

describe("check-config --connect", () => {
  const rows: ReadonlyArray<
    readonly [what: string, routes: Readonly<Record<string, Handler>>, base: string, diagnostics: ReadonlyArray<string>]
  > = [
    ["finds nothing", { "GET /v1/models": lists("gpt-x"), "POST /v1/chat/completions": completes }, "/v1", []],
    [
      "names base_url without /v1",
      { "GET /v1/models": lists("gpt-x"), "POST /v1/chat/completions": completes },
      "",
      [noPath("/chat/completions")]
    ],
    ["names it where the list alone is there", { "GET /models": lists("gpt-x") }, "", [noPath("/chat/completions")]],
    [
      "names it where any path is a page",
      { "GET /models": page, "POST /chat/completions": answers(405) },
      "",
      [noPath("/chat/completions", 405)]
    ],
    [
      "names it where the path stands twice",
      { "GET /v1/models": lists("gpt-x"), "POST /v1/chat/completions": completes },
      "/v1/chat/completions",
      [noPath("/v1/chat/completions/chat/completions")]
    ],
    [
      "names the model that is not listed",
      { "GET /v1/models": lists("gpt-y"), "POST /v1/chat/completions": answers(404) },
      "/v1",
      ["llm_api.model: the server refuses this model with 404 (gpt-y?)"]
    ],
    [
      "puts paths before a query",
      { "GET /d/models?v=1": lists("gpt-x"), "POST /d/chat/completions?v=1": completes },
      "/d?v=1",
      []
    ],
    [
      "names the account",
      { "GET /v1/models": lists("gpt-x"), "POST /v1/chat/completions": answers(402) },
      "/v1",
      ["llm_api.api_key: the account of this key has no credit left (402)"]
    ],
    [
      "names where a redirect leads",
      { "GET /v1/models": answers(301, "", { location: "https://elsewhere.test/v1/models?q=1" }) },
      "/v1",
      [
        "llm_api.base_url: the model's server redirects to https://elsewhere.test, which is not followed; if that is right, set base_url to it"
      ]
    ],
    [
      "follows a redirect within the server",
      {
        "GET /v1/models": answers(308, "", { location: "/v2/models" }),
        "GET /v2/models": lists("gpt-x"),
        "POST /v1/chat/completions": answers(307, "", { location: "/v2/chat/completions" }),
        "POST /v2/chat/completions": completes
      },
      "/v1",
      []
    ]
  ]
  it.live.each(rows)("%s", ([, routes, base, expected]) =>
    Effect.gen(function*() {
      const address = yield* serving(routes)
      assert.deepStrictEqual(yield* check(`${address}${base}`), expected)
    }).pipe(Effect.scoped))

  it.live("names the key that no header can carry, of each server, without a request", () =>
    Effect.gen(function*() {
      let asked = 0
      const address = yield* listen((_, response) => {
        asked++
        response.end()
      })
      const fallback = { base_url: `${address}/v1`, api_key: "k\u200B", model: "gpt-y" }
      assert.deepStrictEqual(yield* check(`${address}/v1`, "one\ntwo", [fallback]), [
        "llm_api.api_key: no HTTP header can carry this key: its character 4 is a line break",
        "llm_api.fallbacks[0].api_key: no HTTP header can carry this key: its character 2 is U+200B"
      ])
      assert.strictEqual(asked, 0)
    }).pipe(Effect.scoped))
})
