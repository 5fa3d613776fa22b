// Writes what is derived from the code: npm run generate
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { Effect } from "effect"
import { settingsJsonSchema } from "../src/domain/settings/SettingsJsonSchema.ts"
import { apiPage } from "./apiPage.ts"
import { configurationPage } from "./configurationPage.ts"
import { dashboard } from "./dashboard.ts"

mkdirSync("docs", { recursive: true })
writeFileSync("config/config.schema.json", settingsJsonSchema())
writeFileSync("docs/configuration.md", configurationPage())
writeFileSync("deploy/grafana/llm-bot.json", dashboard())
writeFileSync("docs/api.md", await Effect.runPromise(apiPage(readFileSync("docs/api.md", "utf8"))))
