import { writeFileSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import type { Page } from "playwright-core"
import { stringify } from "yaml"
import { fileWith, llmBot } from "../support/Program.ts"
import { axe, barriers, picture } from "./Barriers.ts"
import { Browser } from "./Browser.ts"
import { hostile } from "./Playground.ts"

const configWith = (perMinute: number) =>
  fileWith(
    "config.yaml",
    stringify({
      nats: { servers: ["nats://127.0.0.1:4222"] },
      channels: [{ name: "TestChan", domain: "cytube.test" }],
      bot: { username: "KrytenBot" },
      llm_api: { base_url: "http://127.0.0.1:9/v1", api_key: "none", model: "m" },
      rate_limits: { media_change_cooldown_seconds: 0, max_per_channel_per_minute: perMinute }
    })
  )

/** Ten lines a minute, every fifth to the bot; more than the list shows at once. */
const evening = Array.from({ length: 900 }, (_, index) => {
  const time = new Date(Date.UTC(2026, 10, 21, 20) + index * 6_000).toISOString()
  return `${time}\tViewer${index % 4}\t${index % 5 === 0 ? "KrytenBot, " : ""}line ${index} ${
    index < 10 ? hostile : ""
  }`
}).join("\n")

/** The page of the evening, or of two configurations beside each other, opened from disk. */
const opened = Effect.fnUntraced(function*(perMinute: number, against?: number) {
  const log = yield* fileWith("evening.tsv", evening)
  const other = against === undefined ? [] : ["--against", yield* configWith(against)]
  const program = yield* llmBot(["replay", log, "--config", yield* configWith(perMinute), ...other, "--format", "html"])
  assert.strictEqual(yield* program.exit, 0)
  const file = yield* fileWith("replay.html", "")
  writeFileSync(file, yield* program.result)
  const browser = yield* Browser
  return yield* browser.open(pathToFileURL(resolve(file)).href)
})

/** Opens a replay's page and lets a person use it; nothing may go wrong in it meanwhile. */
const visit = (run: (page: Page) => Promise<void>, perMinute: number, against?: number) =>
  Effect.gen(function*() {
    const { page, troubles } = yield* opened(perMinute, against)
    yield* Effect.promise(() => run(page))
    assert.deepStrictEqual(troubles, [])
    yield* Effect.promise(() => page.context().close())
  }).pipe(Effect.scoped)

const owned = (page: Page): Promise<unknown> =>
  page.evaluate(`document.title === "owned" || document.querySelector("#page img, #page script") !== null`)

layer(Browser.layer, { excludeTestServices: true })("the page of a replay", (it) => {
  it.effect("leads from its figures to a decision, drawn as in the playground", () =>
    visit(async (page) => {
      await page.getByText("Why it kept silent").waitFor()
      await page.getByRole("link", { name: "Timeline" }).click()
      await page.getByText("900 events shown").waitFor()
      await page.locator(".row.replied").first().click()
      await page.locator(".outcome h2", { hasText: "Replied after" }).waitFor()
      await page.locator(".asked", { hasText: hostile }).waitFor()
      await page.locator(".limit", { hasText: "Bot lines of the channel in a minute" }).waitFor()
      await page.getByText("What the model was asked").click()
      await page.locator(".message.user", { hasText: hostile }).waitFor()
      await page.locator(".part summary", { hasText: /became the line\s*nothing to change/ }).waitFor()
      await page.getByText("Where the time went").click()
      await page.locator(".waterfall", { hasText: "model, to the first word" }).waitFor()
      assert.isFalse(await owned(page))
    }, 3))

  it.effect("is searched, filtered, scrolled and walked through with the keyboard", () =>
    visit(async (page) => {
      const rows = page.locator(".row")
      const chosen = page.locator(".row[aria-current]")
      await page.getByRole("link", { name: "Timeline" }).click()
      await page.locator("#hours a", { hasText: "21:00" }).click()
      await rows.first().locator("text=line 600").waitFor()
      await page.getByRole("button", { name: "Show earlier" }).click()
      await page.locator(".row", { hasText: "line 400" }).waitFor({ state: "attached" })
      assert.isAbove(Number(await page.evaluate("document.querySelector('#scroller').scrollTop")), 1000)

      await page.getByLabel("Show").selectOption("missed")
      await rows.first().click()
      await page.locator(".outcome", { hasText: "Kept silent" }).waitFor()
      const first = await chosen.textContent()
      await page.keyboard.press("ArrowDown")
      await page.locator(".row[aria-current]:focus").waitFor()
      assert.notStrictEqual(await chosen.textContent(), first)
      await page.getByRole("button", { name: "The one before" }).click()
      assert.strictEqual(await chosen.textContent(), first)
      await page.keyboard.press("Escape")
      await page.getByText("Choose an event").waitFor()

      await page.getByLabel("Find in what was said").fill("line 777")
      await page.getByText("Nothing like that.").waitFor()
      await page.getByLabel("Show").selectOption("all")
      await page.getByText("1 event shown").waitFor()
      await rows.click()
      await page.locator(".outcome h2", { hasText: "No trigger matched" }).waitFor()
      assert.isFalse(await owned(page))
    }, 1))

  it.effect("shows two runs beside each other, light, dark and on a phone, without barriers", () =>
    visit(
      async (page) => {
        await page.evaluate(axe)
        const look = async (name: string) => {
          assert.deepStrictEqual(await barriers(page), [], name)
          await picture(page, `replay-${name}`)
        }
        const toRow = () => page.locator(".links a").first().click()
        for (const colorScheme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme, reducedMotion: "reduce" })
          await page.getByRole("link", { name: "Summary" }).click()
          await page.getByText("A replied, B does not").waitFor()
          await look(`${colorScheme}-summary`)
          await toRow()
          await page.locator(".side", { hasText: "A" }).first().waitFor()
          assert.deepStrictEqual(await page.locator(".outcome").count(), 2)
          await look(`${colorScheme}-decisions`)
        }
        await page.setViewportSize({ width: 390, height: 844 })
        await look("phone-decisions")
        await page.getByRole("button", { name: "Close" }).click()
        await look("phone-timeline")
        await page.getByRole("link", { name: "Summary" }).click()
        await look("phone-summary")
        assert.strictEqual(await page.evaluate("document.documentElement.scrollWidth"), 390)
      },
      3,
      1
    ))
})
