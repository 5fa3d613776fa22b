// Writes what is derived from the code: npm run generate
import { mkdirSync, writeFileSync } from "node:fs"
import { settingsJsonSchema } from "../src/domain/settings/SettingsJsonSchema.ts"
import { configurationPage } from "./configurationPage.ts"
import { dashboard } from "./dashboard.ts"
import { performanceChart, performancePage } from "./performancePage.ts"

mkdirSync("docs", { recursive: true })
writeFileSync("config/config.schema.json", settingsJsonSchema())
writeFileSync("docs/configuration.md", configurationPage())
writeFileSync("deploy/grafana/llm-bot.json", dashboard())
writeFileSync("docs/performance.md", performancePage())
writeFileSync("docs/pictures/performance.svg", performanceChart())
