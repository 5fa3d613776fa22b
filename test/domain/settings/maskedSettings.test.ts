import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { maskedSettings } from "../../../src/domain/settings/MaskedSettings.ts"
import { Settings } from "../../../src/domain/settings/Settings.ts"
import { settingsOf } from "../../support/Simulation.ts"

const settings = settingsOf(`
nats: { servers: ["nats://me:never@host:4222"], user: me, password: never, token: never, creds_file: /never }
channels: [{ name: lobby }]
bot: { username: MovieBot, ignore_users: [Zed] }
llm_api:
  base_url: https://host/v1?api_key=never&v=never
  api_key: never
  model: m
  extra_body: { authorization: never, nested: { key: never }, "X-API-Key": never }
  fallbacks: [{ base_url: "https://me:never@host/v1", api_key: never, model: n }]
`)

describe("settings without their secrets", () => {
  it("hold none, under whatever name it stands", () => {
    assert.notInclude(JSON.stringify(maskedSettings(settings)), "never")
  })

  it("are settings all the same, and keep what is no secret", () => {
    const { bot, llm_api, nats } = Schema.decodeUnknownSync(Settings)(
      JSON.parse(JSON.stringify(maskedSettings(settings)))
    )
    assert.deepStrictEqual(bot, settings.bot)
    assert.strictEqual(llm_api.model, "m")
    assert.strictEqual(llm_api.fallbacks[0]?.model, "n")
    assert.match(nats.servers[0] ?? "", /^nats:\/\/\*+@host:4222$/)
    assert.deepStrictEqual(Object.keys(llm_api.extra_body), ["authorization", "nested", "X-API-Key"])
  })
})
