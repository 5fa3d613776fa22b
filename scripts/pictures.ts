// Takes the pictures of docs/tuning.md from the real page: node scripts/pictures.ts
// Needs chromium and pngquant; with fonts-inter installed the letters are the page's first choice.
import { execFileSync } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { Effect, Layer } from "effect"
import { Browser } from "../test/browser/Browser.ts"
import { Playground, visit, type Visitor } from "../test/browser/Playground.ts"
import { LlmServer } from "../test/support/LlmServer.ts"

const folder = "docs/pictures"
const size = { width: 1200, height: 750 }

const answers = [
  "Every shadow in it was painted by hand, I am told.",
  "Between us, yes, very much.",
  "MovieBot: The light in *this* scene is all\nfrom one window, and **nobody** would dare that today.",
  "MovieBot: \"The music waits *exactly* as long as she does, then it **runs**.\"",
  "I would watch it again tonight."
]

const take = async ({ page }: Visitor, name: string): Promise<void> => {
  const path = join(folder, `${name}.png`)
  await page.mouse.move(0, 0)
  await page.waitForTimeout(300)
  await page.screenshot({ path })
  execFileSync("pngquant", ["--force", "--skip-if-larger", "--quality=80-98", "--output", path, path])
}

/** A film, some talk, a reply, and a mention that comes too soon. */
const evening = async ({ page, say, speakAs, told }: Visitor): Promise<void> => {
  await page.getByRole("textbox", { name: "Film" }).fill("Metropolis (1927)")
  await page.getByRole("button", { name: "Play", exact: true }).click()
  await page.getByRole("button", { name: "+1 min" }).click()
  await speakAs("Chloé")
  await say("those sets are unreal")
  await told("No trigger matched")
  await speakAs("Ben")
  await say("@MovieBot how did they light this?")
  await told(/^Replied after/)
  await speakAs("Ana")
  await say("MovieBot, and the music?")
  await told("The trigger that matched is cooling down")
}

const silent = visit(async (person) => {
  await evening(person)
  await take(person, "why-silent")
}, { viewport: size })

const changed = visit(async (person) => {
  await evening(person)
  await person.page.getByRole("button", { name: "Change the cooldown" }).click()
  await person.field("triggers", 0, "cooldown_seconds").fill("0")
  await person.page.locator(".section.file", { hasText: "changed here" }).waitFor()
  await person.page.getByRole("button", { name: "+10 s" }).click()
  await person.page.getByRole("button", { name: "Say it again" }).click()
  await person.told(/^Replied after/)
  await take(person, "settings-changed")
}, { viewport: size })

const wording = visit(async (person) => {
  await evening(person)
  await person.page.locator(".line.chat", { hasText: "how did they light this" }).click()
  await person.page.getByText("What it answered").click()
  await person.page.getByText("Where the time went").click()
  await person.page.evaluate("document.querySelectorAll('.part')[1].scrollIntoView()")
  await take(person, "processing-diff")
}, { viewport: size })

const phone = visit(async (person) => {
  await evening(person)
  await person.page.getByRole("button", { name: "Decision", exact: true }).click()
  await take(person, "phone")
}, { viewport: { width: 390, height: 780 }, deviceScaleFactor: 2 })

mkdirSync(folder, { recursive: true })
// A room of its own for each.
const world = Layer.mergeAll(Playground.layer(answers, false), Browser.layer).pipe(Layer.provideMerge(LlmServer.layer))
for (const picture of [silent, changed, wording, phone]) {
  await Effect.runPromise(Effect.provide(picture, Layer.fresh(world)))
}
