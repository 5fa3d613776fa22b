import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { SecureRandom } from "effect/crypto"
import { Username } from "../../../src/domain/Ids.ts"
import * as NatsMemory from "../../../src/layers/nats/NatsMemory.ts"
import { PlaygroundRoom } from "../../../src/layers/playground/PlaygroundRoom.ts"
import { PlaygroundSettings } from "../../../src/layers/playground/PlaygroundSettings.ts"
import { Nats } from "../../../src/services/Nats.ts"

const text = `
nats: { servers: [nats://memory] }
channels: [{ name: Lobby }]
bot: { username: MovieBot }
llm_api: { base_url: http://127.0.0.1/v1, api_key: none, model: m }
`

const room = PlaygroundRoom.layer.pipe(
  Layer.provideMerge(NatsMemory.layer),
  Layer.provideMerge(PlaygroundSettings.layer({ file: "test.yaml", text, environment: {} })),
  Layer.provide(SecureRandom.layerWebCrypto)
)

const Payload = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json))
const Zoe = Username.make("Zoe")

/** What the bot is told, in order. */
const told = Effect.gen(function*() {
  const nats = yield* Nats
  const events: Array<
    { readonly event: string; readonly id: string | undefined; readonly payload: typeof Payload.Type }
  > = []
  yield* nats.subscribe(
    "cytube.events.lobby.*",
    ({ body, headers, subject }) => {
      const payload = Schema.decodeSync(Payload)(new TextDecoder().decode(body))
      events.push({ event: subject.split(".").at(-1) ?? "", id: headers.get("Correlation-Id"), payload })
    }
  )
  return events
})

describe("the playground's room tells the bot", () => {
  it.effect("lines and actions as the chat server writes them", () =>
    Effect.gen(function*() {
      const { say } = yield* PlaygroundRoom
      const events = yield* told
      const id = yield* say({ channel: "lobby", username: Zoe, message: "1 < 2 & 3 > 2" })
      yield* say({ channel: "lobby", username: Zoe, message: "/me  waves" })
      yield* say({ channel: "lobby", username: Zoe, message: "/me" })
      yield* say({ channel: "lobby", username: Zoe, message: "/me waves", private: true })
      assert.strictEqual(events[0]?.id, id)
      assert.deepStrictEqual(events.map(({ event, payload: { meta, msg } }) => ({ event, meta, msg })), [
        { event: "chatMsg", meta: {}, msg: "1 &lt; 2 &amp; 3 &gt; 2" },
        { event: "chatMsg", meta: { addClass: "action" }, msg: "waves" },
        { event: "chatMsg", meta: {}, msg: "/me" },
        { event: "pm", meta: {}, msg: "/me waves" }
      ])
      assert.deepInclude(events[0]?.payload, { user: { name: "Zoe", rank: 1 } })
      assert.deepInclude(events[3]?.payload, { from: { name: "Zoe", rank: 1 }, to: { name: "MovieBot" } })
    }).pipe(Effect.provide(room)))

  it.effect("media, each time other ones though the title is the same", () =>
    Effect.gen(function*() {
      const { play } = yield* PlaygroundRoom
      const events = yield* told
      yield* play({ title: "A & B", seconds: 5 })
      yield* play({ title: "A & B" })
      assert.deepStrictEqual(events.map(({ event, payload: { seconds, title } }) => ({ event, seconds, title })), [
        { event: "changeMedia", seconds: 5, title: "A & B" },
        { event: "changeMedia", seconds: 0, title: "A & B" }
      ])
      assert.strictEqual(new Set(events.flatMap(({ id, payload }) => [id, payload["id"]])).size, 4)
    }).pipe(Effect.provide(room)))
})
