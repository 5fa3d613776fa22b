import { Result } from "effect"
import { stringify } from "yaml"
import { parseSettings } from "../../src/domain/settings/SettingsFile.ts"

/** The part `nats` of a configuration that says no more than it must. */
export const natsSettings = (nats: Readonly<Record<string, unknown>>) =>
  Result.getOrThrowWith(
    parseSettings(
      stringify({
        nats,
        channels: [{ name: "lobby" }],
        bot: { username: "MovieBot" },
        llm_api: { base_url: "http://localhost/v1", api_key: "none", model: "none" }
      }),
      {}
    ),
    (problems) => new Error(JSON.stringify(problems))
  ).settings.nats
