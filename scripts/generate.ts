// Writes what is derived from the settings' schema: npm run generate
import { mkdirSync, writeFileSync } from "node:fs"
import { settingsJsonSchema } from "../src/domain/settings/SettingsJsonSchema.ts"
import { configurationPage } from "./configurationPage.ts"

mkdirSync("docs", { recursive: true })
writeFileSync("config/config.schema.json", settingsJsonSchema())
writeFileSync("docs/configuration.md", configurationPage())
