import { Schema } from "effect"
import { Settings } from "./Settings.ts"

/** The configuration file as JSON Schema: editors complete and check the file with it (F9). */
export const settingsJsonSchema = (): string => {
  // A field that is unknown is only a warning of ours, but what an editor should mark.
  const { definitions, schema } = Schema.toJsonSchemaDocument(Settings, { onExcessProperty: "error" })
  const document = { $schema: "https://json-schema.org/draft/2020-12/schema", ...schema, $defs: definitions }
  return `${JSON.stringify(document, null, 2)}\n`
}
