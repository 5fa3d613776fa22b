import { Context, Effect, Layer } from "effect"
import { type Browser as Launched, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import { chromium as executablePath } from "./chromium.ts"

const args = [
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]

/** A page, and whatever went wrong in it so far. */
export interface Watched {
  readonly page: Page
  readonly troubles: ReadonlyArray<string>
}

// The console tells of these too, but not which line of the page they come from.
const reportViolations = `document.addEventListener("securitypolicyviolation", (violation) =>
  console.error("CSP: " + violation.violatedDirective + " at " + violation.sourceFile + ":" + violation.lineNumber))`

// An answer that refuses, or a program that has ended, is what some tests are about: the browser always logs it.
const expected = /^Failed to load resource: (?:net::ERR_|the server responded with a status of 422)/

const watched = (page: Page): Watched => {
  const troubles: Array<string> = []
  page.on("console", (message) => {
    if (message.type() === "error" && !expected.test(message.text())) troubles.push(message.text())
  })
  page.on("pageerror", (error) => troubles.push(`uncaught: ${error.stack ?? error.message}`))
  page.on("dialog", (dialog) => {
    troubles.push(`dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  return { page, troubles }
}

/** One real browser for all tests; each page has a profile of its own. */
export class Browser extends Context.Service<Browser, {
  readonly open: (address: string, options?: BrowserContextOptions) => Effect.Effect<Watched>
}>()("test/Browser") {
  static readonly layer = Layer.effect(
    Browser,
    Effect.gen(function*() {
      const browser: Launched = yield* Effect.acquireRelease(
        Effect.promise(() => chromium.launch({ executablePath, args })),
        (launched) => Effect.promise(() => launched.close())
      )
      return Browser.of({
        open: (address, options = {}) =>
          Effect.promise(async () => {
            const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
            await context.addInitScript(reportViolations)
            const page = await context.newPage()
            page.setDefaultTimeout(10_000)
            const opened = watched(page)
            await page.goto(address)
            // Drawn by the page's script, as all the rest is.
            await page.locator("h1").waitFor({ state: "attached" })
            return opened
          })
      })
    })
  )
}
