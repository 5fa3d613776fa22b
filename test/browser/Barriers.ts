import { mkdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import process from "node:process"
import { Schema } from "effect"
import type { Page } from "playwright-core"

const pictures = process.env["SCREENSHOTS"] ?? resolve(import.meta.dirname, "../../node_modules/.cache/screenshots")
mkdirSync(pictures, { recursive: true })

/** Keeps what the page looks like now for whoever wants to see it. */
export const picture = (page: Page, name: string) => page.screenshot({ path: join(pictures, `${name}.png`) })

/** What finds barriers; it runs in the page. */
export const axe = readFileSync(resolve(import.meta.dirname, "../../node_modules/axe-core/axe.min.js"), "utf8")
const Violations = Schema.Array(Schema.Struct({
  id: Schema.String,
  impact: Schema.NullOr(Schema.String),
  nodes: Schema.Array(Schema.Struct({ html: Schema.String }))
}))

const everyRule = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]

/** What axe finds that keeps people from using the page as it stands now. */
export const barriers = async (page: Page, runOnly = everyRule): Promise<ReadonlyArray<string>> => {
  const options = JSON.stringify({ resultTypes: ["violations"], runOnly })
  const found: unknown = await page.evaluate(`axe.run(document, ${options}).then(({ violations }) =>
    violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => ({ html })) })))`)
  return Schema.decodeUnknownSync(Violations)(found)
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`))
}
