import { readFileSync } from "node:fs"
import { resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { TextDocument } from "vscode-languageserver-textdocument"
import { getLanguageService } from "yaml-language-server"

const folder = resolve(import.meta.dirname, "../../../config")
const example = readFileSync(`${folder}/config.example.yaml`, "utf8")

/** yaml-language-server as editors run it; it finds the schema by the example's first line. */
const service = getLanguageService({
  schemaRequestService: (uri) => Promise.resolve(readFileSync(fileURLToPath(uri), "utf8")),
  workspaceContext: { resolveRelativePath: (path, resource) => new URL(path, resource).href }
})
service.configure({ validate: true, completion: true, hover: true, schemas: [] })

let version = 0
const open = (text: string) => TextDocument.create(`file://${folder}/config.example.yaml`, "yaml", ++version, text)

const diagnosticsOf = async (text: string) =>
  (await service.doValidation(open(text), false)).map(({ message, range: { start } }) => ({ ...start, message }))

/** What is offered where the text says `|`. */
const completionsOf = async (text: string): Promise<ReadonlyArray<string>> => {
  const document = open(text.replace("|", ""))
  const { items } = await service.doComplete(document, document.positionAt(text.indexOf("|")), false)
  return items.map(({ label }) => label)
}

const withSchema = (text: string): string => `# yaml-language-server: $schema=./config.schema.json\n${text}`

describe("an editor with yaml-language-server", () => {
  it("finds nothing wrong with the example", async () => {
    assert.deepStrictEqual(await diagnosticsOf(example), [])
  })

  it.each([
    ["a wrong value", "log_level: INFO", "log_level: LOUD"],
    ["a number out of range", "max_response_length: 200", "max_response_length: 1000"],
    ["an unknown field", "collapse_newlines: true", "collapse_new_lines: true"],
    ["an address without its scheme", "servers: [\"${NATS_URL}\"]", "servers: [localhost]"]
  ])("marks %s", async (_, good, bad) => {
    const text = example.replace(good, bad)
    const found = await diagnosticsOf(text)
    assert.deepStrictEqual(found.map(({ line }) => line), [
      example.slice(0, example.indexOf(good)).split("\n").length - 1
    ])
  })

  it("offers the names of fields, and their values", async () => {
    assert.includeMembers([...await completionsOf(withSchema("rate_limits:\n  |"))], [
      "global_cooldown_seconds",
      "max_per_user_per_minute"
    ])
    assert.includeMembers([...await completionsOf(withSchema("resp|"))], ["response_processing"])
    assert.includeMembers([...await completionsOf(withSchema("log_level: |"))], ["DEBUG", "CRITICAL"])
  })

  it("explains a field", async () => {
    const hover = await service.doHover(open(example), {
      line: example.split("\n").findIndex((line) => line.includes("outbox_size")),
      character: 4
    })
    assert.include(JSON.stringify(hover), "replies kept while NATS is away")
  })
})
