import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import type { Page } from "playwright-core"
import { LlmServer } from "../support/LlmServer.ts"
import { freePort } from "../support/Program.ts"
import { axe, barriers, picture } from "./Barriers.ts"
import { Browser } from "./Browser.ts"
import { hostile, hostileAnswers, Playground, runPlayground, visit, visitor } from "./Playground.ts"

const world = Layer.mergeAll(Playground.layer(hostileAnswers), Browser.layer).pipe(Layer.provideMerge(LlmServer.layer))

/** Whether the page has taken any text of the room for markup. */
const injected = (page: Page): Promise<unknown> =>
  page.evaluate(`document.title.includes("owned") || document.querySelector("#page img, #page script") !== null`)

const decodeRefusal = Schema.decodeUnknownSync(
  Schema.Struct({ problems: Schema.Array(Schema.Struct({ message: Schema.String })) })
)

layer(world, { excludeTestServices: true })("the playground's page", (it) => {
  it.effect("lets a person ask, see why, change a limit and see the next decision change", () =>
    visit(async (person) => {
      const { field, page, say, section, shows, speakAs, told } = person
      await speakAs("Ben")
      await say(`@MovieBot what do you make of ${hostile}?`)

      // The reply is seen as it is written, then sent.
      const typing = page.locator(".typing .text")
      await typing.filter({ hasText: "scenes" }).waitFor()
      const part = (await typing.textContent()) ?? ""
      assert.notInclude(part, "watch it")
      await page.getByText("The bot is still deciding").waitFor()
      await told(/^Replied after/)
      await page.locator(".line.bot.related").waitFor()
      await shows(".line.chosen", `@MovieBot what do you make of ${hostile}?`)
      await shows(".asked", hostile)
      await shows(".limit", "0 of 3")

      // Every text on the way is there, as text.
      await page.getByText("What the model was asked").click()
      await shows(".message.user", hostile)
      await page.getByText("What it answered").click()
      await shows(".inside .mono", `<b>each</b> ${hostile}`)
      await shows(".diff del", "MovieBot: ")
      await shows(".diff del", "**")
      await page.getByText("Where the time went").click()
      await shows(".waterfall", "model, writing")
      await picture(page, "light-replied")

      // A refusal names the gate, its value and its limit.
      await speakAs("Ana")
      await say("MovieBot, and the music?")
      await told("The trigger that matched is cooling down")
      await shows(".figure", /^(?:\d(?:\.\d)?|10) s of 10 s left/)
      await shows(".stage.stop", "cools down for another")
      await shows(".stage.beyond", "limits, model, wording, sending")
      await picture(page, "light-silent")

      // From the reason to the setting, and another decision.
      await page.getByRole("button", { name: "Change the cooldown" }).click()
      await page.locator("#set-triggers-0-cooldown_seconds:focus").waitFor()
      await field("triggers", 0, "cooldown_seconds").fill("0")
      await page.locator(".section.file", { hasText: "changed here" }).waitFor()
      await picture(page, "light-triggers")
      await page.getByRole("button", { name: "Say it again" }).click()
      await told("The bot spoke here a moment ago")
      await shows(".figure", /since its last line, 5 s needed/)
      await page.getByRole("button", { name: /^Skip ahead/ }).click()
      await page.getByRole("button", { name: "Say it again" }).click()
      await told(/^Replied after/)

      // What the linter refuses is not applied, and says so where it was typed.
      await section("Limits")
      const perMinute = field("rate_limits", "max_per_user_per_minute")
      await perMinute.fill("-1")
      await page.locator(".field.refused", { hasText: "Not applied: still 3" }).waitFor()
      const { problems } = decodeRefusal(await person.set(["rate_limits", "max_per_user_per_minute"], -1))
      await shows(".field.refused .error", problems[0]?.message ?? "no problem")
      await picture(page, "light-refused")
      await perMinute.press("Escape")
      await page.locator(".field.refused").waitFor({ state: "detached" })
      assert.strictEqual(await perMinute.inputValue(), "3")
      await perMinute.fill("1")
      await page.locator(".section.limits .summary", { hasText: "viewer 1 a minute" }).waitFor()
      await say("MovieBot, once more?")
      await told("This user had enough replies in the last minute")
      await shows(".figure", "1 of 1 allowed")

      // The file says what was changed, and everything goes back.
      await section("File")
      await shows(".file mark", "max_per_user_per_minute: 1")
      await picture(page, "light-file")
      await page.getByRole("button", { name: "Reset all" }).click()
      await page.locator(".section.file", { hasText: "as it began" }).waitFor()
      assert.isFalse(await injected(page))
    }))

  it.effect("takes private messages, actions, films, new viewers and jumps of the clock", () =>
    visit(async (person) => {
      const { page, say, shows, told } = person
      await page.getByRole("button", { name: "+ viewer" }).click()
      await page.getByLabel("Name of the new viewer").fill("<b>Eve</b>")
      await page.keyboard.press("Enter")
      await say("/me waves at MovieBot")
      await told(/^Replied after/)
      await shows(".line.action.chosen", "waves at MovieBot")
      await shows(".line.action.chosen .name", "<b>Eve</b>")

      await page.getByRole("switch", { name: "Private message" }).check({ force: true })
      await page.getByRole("button", { name: "+10 s" }).click()
      await say("just between us")
      await told(/^Replied after/)
      await shows(".line.pm.chosen", "private")
      await shows(".line.bot.related", "private to <b>Eve</b>")
      await page.getByRole("switch", { name: "Private message" }).uncheck({ force: true })

      await page.getByRole("textbox", { name: "Film" }).fill(`Metropolis ${hostile}`)
      await page.getByRole("button", { name: "Play", exact: true }).click()
      await page.locator(".line.media", { hasText: "silence 30 s" }).waitFor()
      await say("MovieBot, shall we?")
      await told("The bot keeps silent after a media change")
      await shows(".figure", /^[23]\d(?:\.\d)? s of 30 s left/)
      await page.getByRole("button", { name: "+1 min" }).click()
      await say("MovieBot, now?")
      await told(/^Replied after/)

      await say("MovieBot, again?")
      await told("The trigger that matched is cooling down")
      await page.getByRole("button", { name: /^Skip ahead/ }).click()
      await page.getByRole("button", { name: "Say it again" }).click()
      await told(/^Replied after/)
      assert.isFalse(await injected(page))
    }))

  it.effect("shows the bot's looks at the room, and other viewers", () =>
    visit(async (person) => {
      const { field, page, section } = person
      await section("Triggers")
      await page.getByRole("button", { name: "+ Unasked" }).click()
      await field("triggers", 2, "min_messages_since_last_bot_message").fill("0")
      await field("triggers", 2, "evaluation_interval_seconds").fill("1")
      await page.getByLabel("Other viewers").selectOption("60")
      const look = page.locator(".line.look").first()
      await look.waitFor()
      await look.click()
      await page.locator(".eyebrow", { hasText: "Look at the room" }).waitFor()
      await page.locator(".stage", { hasText: "contextual" }).first().waitFor()
    }))

  it.effect("is used without a mouse", () =>
    visit(async ({ page, shows, told }) => {
      const { keyboard } = page
      const focused = (): Promise<unknown> => page.evaluate("document.activeElement.id")
      const hasFocus = (id: string): Promise<void> => page.locator(`#${id}:focus`).waitFor({ state: "attached" })
      const tabTo = async (id: string, key = "Tab"): Promise<void> => {
        for (let presses = 0; presses < 60 && await focused() !== id; presses++) await keyboard.press(key)
        await hasFocus(id)
      }
      await tabTo("message")
      await keyboard.type("@MovieBot good evening")
      await keyboard.press("Enter")
      await told(/^Replied after/)
      await keyboard.press("ArrowUp")
      await hasFocus("lines")
      await keyboard.press("Home")
      await told("No trigger matched")
      await keyboard.press("ArrowDown")
      await told(/^Replied after/)
      await keyboard.press("Enter")
      await hasFocus("decision")
      await keyboard.press("Tab")
      await keyboard.press("Shift+Tab")
      await tabTo("section-limits", "Shift+Tab")
      await keyboard.press("Enter")
      await tabTo("set-rate_limits-max_per_user_per_minute")
      await keyboard.press("ArrowDown")
      await page.locator(".section.limits .summary", { hasText: "viewer 2 a minute" }).waitFor()
      await keyboard.press("Escape")
      await hasFocus("section-limits")
      await shows(".outcome", /Replied after/)
    }))

  it.effect("puts no barrier before anybody, light, dark and on a phone", () =>
    visit(async (person) => {
      const { field, page, say, section, told } = person
      await page.evaluate(axe)
      await say("@MovieBot hello there")
      await told(/^Replied after/)
      for (const part of ["What the model was asked", "What it answered", "Where the time went"]) {
        await page.getByText(part).click()
      }
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" })
        // Only the colours are others in the dark.
        const rules = colorScheme === "dark" ? ["color-contrast"] : undefined
        assert.deepStrictEqual(await barriers(page, rules), [], colorScheme)
        await picture(page, `${colorScheme}-decision`)
        for (const title of ["Triggers", "Limits", "Silences", "Wording", "Voice", "File"]) {
          await section(title)
          if (title === "Limits") {
            await field("rate_limits", "max_per_user_per_minute").fill("many")
            await page.locator(".field.refused").waitFor()
          }
          assert.deepStrictEqual(await barriers(page, rules), [], `${colorScheme}, ${title}`)
        }
        await section("File")
      }
      await say("popcorn?")
      await told("No trigger matched")
      await page.getByRole("button", { name: "Close the decision" }).click()
      assert.deepStrictEqual(await barriers(page), [], "nothing chosen")
      await picture(page, "dark-nothing")

      await page.setViewportSize({ width: 390, height: 844 })
      await page.emulateMedia({ colorScheme: "light" })
      await page.locator(".line", { hasText: "@MovieBot hello there" }).click()
      await page.locator(".outcome").waitFor()
      for (const tab of ["Settings", "Decision", "Room"]) {
        await page.getByRole("button", { name: tab, exact: true }).click()
        assert.deepStrictEqual(await barriers(page), [], `phone, ${tab}`)
        assert.strictEqual(await page.evaluate("document.documentElement.scrollWidth"), 390)
        await picture(page, `phone-${tab.toLowerCase()}`)
      }
    }))

  it.effect("tells the words that went from those that came", () =>
    visit(async ({ page }) => {
      const texts = ["", "a", "**Hi** there,\n\nyou", "Hi there, you", "Bot: Hi there, you", "a a", "x ".repeat(900)]
      const wrong: unknown = await page.evaluate(`import("/page/diff.js").then(({ diff }) => {
        const texts = ${JSON.stringify(texts)}
        const without = (kind, pieces) => pieces.filter((piece) => piece.kind !== kind).map(({ text }) => text).join("")
        return texts.flatMap((before) => texts.filter((after) => {
          const pieces = diff(before, after)
          return without("new", pieces) !== before || without("gone", pieces) !== after ||
            before === after && pieces.some(({ kind }) => kind !== "same")
        }).map((after) => [before, after]))
      })`)
      assert.deepStrictEqual(wrong, [])
      const few: unknown = await page.evaluate(`import("/page/diff.js").then(({ diff }) =>
        diff("Bot: **Hi** you", "Hi you").map(({ kind, text }) => kind + " " + text))`)
      assert.deepStrictEqual(few, ["gone Bot: **", "same Hi", "gone **", "same  you"])
    }))

  it.effect("keeps a bounded number of lines, and a moving log where the person reads", () =>
    visit(async (person) => {
      const { page, post } = person
      await page.locator("#lines").focus()
      for (let index = 0; index < 330; index += 30) {
        await Promise.all(Array.from({ length: 30 }, (_, offset) =>
          post("/api/messages", { channel: "lobby", username: "Flood", message: `line ${index + offset}` })))
      }
      await page.getByText("line 329", { exact: true }).waitFor()
      assert.isAtMost(await page.locator(".line").count(), 300)
      await page.evaluate("document.querySelector('.scroller').scrollTo(0, 0)")
      await page.getByRole("button", { name: "Newest lines" }).waitFor()
      await post("/api/messages", { channel: "lobby", username: "Flood", message: "one more" })
      await page.getByText("one more", { exact: true }).waitFor({ state: "attached" })
      assert.strictEqual(await page.evaluate("document.querySelector('.scroller').scrollTop"), 0)
      await page.getByRole("button", { name: "Newest lines" }).click()
      await page.getByRole("button", { name: "Newest lines" }).waitFor({ state: "detached" })
    }))

  it.effect("works in several windows at once", () =>
    visit(async ({ address, page, set, shows }) => {
      for (let windows = 1; windows < 4; windows++) {
        const other = await page.context().newPage()
        // Whoever is quick speaks before the page knows the room.
        await other.route("**/api/room", (route) => setTimeout(() => void route.continue(), 500))
        await other.goto(address)
        const { say, told } = visitor(other, address)
        await say(`from window ${windows}`)
        await told("No trigger matched")
      }
      await page.getByText("from window 3", { exact: true }).waitFor()
      await set(["rate_limits", "max_per_user_per_minute"], 7)
      await page.evaluate(`dispatchEvent(new Event("focus"))`)
      await shows(".section.limits .summary", "viewer 7 a minute")
    }))

  it.effect("says when the program is away, and comes back with it", () =>
    Effect.gen(function*() {
      const port = yield* freePort
      const browser = yield* Browser
      const first = yield* Effect.scoped(Effect.gen(function*() {
        yield* runPlayground(port)
        return yield* browser.open(`http://127.0.0.1:${port}`)
      }))
      const { page, troubles } = first
      yield* Effect.promise(() => page.locator(".banner", { hasText: "Trying again" }).waitFor())
      yield* runPlayground(port)
      yield* Effect.promise(async () => {
        await page.locator(".banner").waitFor({ state: "detached" })
        const { say, told } = visitor(page, `http://127.0.0.1:${port}`)
        await say("hello again")
        await told("No trigger matched")
        assert.strictEqual(await page.getByText("hi all, what are we watching?").count(), 1)
        await page.context().close()
      })
      assert.deepStrictEqual(troubles, [])
    }).pipe(Effect.scoped))
})
