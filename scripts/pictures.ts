// Takes the pictures of docs/tuning.md from the real pages: node scripts/pictures.ts [NAME …], all of them without a name.
// Needs chromium and pngquant; with fonts-inter installed the letters are the page's first choice.
import { execFileSync } from "node:child_process"
import { mkdirSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { Effect, Layer } from "effect"
import { chromium, type Page } from "playwright-core"
import { Browser } from "../test/browser/Browser.ts"
import { chromium as executablePath } from "../test/browser/chromium.ts"
import { Playground, visit, type Visitor } from "../test/browser/Playground.ts"
import { LlmServer } from "../test/support/LlmServer.ts"
import { fileWith, launch } from "../test/support/Program.ts"

const folder = "docs/pictures"
const size = { width: 1200, height: 750 }

const answers = [
  "Every shadow in it was painted by hand, I am told.",
  "Between us, yes, very much.",
  "MovieBot: The light in *this* scene is all\nfrom one window, and **nobody** would dare that today.",
  "MovieBot: \"The music waits *exactly* as long as she does, then it **runs**.\"",
  "I would watch it again tonight."
]

const take = async ({ page }: { readonly page: Page }, name: string): Promise<void> => {
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

const viewers = ["Ana", "Ben", "Cleo", "Dan", "Esra", "Felix"]
const remarks = [
  "that cut was so abrupt",
  "lol",
  "I need that coat",
  "who picked this one? good taste",
  "popcorn time",
  "brb",
  "this is the good part, shhh",
  "look at the extra in the background",
  "the book was better",
  "I swear I have seen this actor",
  "the sound is a bit late?",
  "no way he walks away from that"
]
const questions = [
  "@MovieBot who is that?",
  "MovieBot, what year is this from?",
  "MovieBot do you like it?",
  "@MovieBot is there a sequel?",
  "MovieBot, and the music?",
  "what does MovieBot think?"
]

/** Three hours of a chat log, the middle one busy and Ana in it more than others; the same each time. */
const chatLog = (): string => {
  let state = 7
  const random = (): number => (state = (state * 16807) % 2147483647) / 2147483647
  const oneOf = (texts: ReadonlyArray<string>): string => texts[Math.floor(random() * texts.length)] ?? ""
  const began = Date.UTC(2026, 10, 21, 19)
  const lines: Array<string> = []
  for (let second = 0; second < 10_800;) {
    second += Math.round(2 + random() * (second > 3600 && second < 7200 ? 28 : 70))
    const who = random() < 0.3 ? "Ana" : oneOf(viewers)
    const text = oneOf(random() < 0.22 ? questions : remarks)
    lines.push(`${new Date(began + second * 1000).toISOString().slice(0, 19)}\t${who}\t${text}`)
  }
  return `${lines.join("\n")}\n`
}

const config = `
nats: { servers: ["nats://127.0.0.1:4222"] }
channels: [{ name: lobby }]
bot: { username: MovieBot }
llm_api: { base_url: "http://127.0.0.1:9/v1", api_key: none, model: llama3.2 }
`

const against = Effect.scoped(Effect.gen(function*() {
  const log = yield* fileWith("evening.log", chatLog())
  const a = yield* fileWith("config.yaml", config)
  const b = yield* fileWith("calmer.yaml", `${config}rate_limits: { max_per_channel_per_hour: 10 }\n`)
  const command = ["src/program.ts", "replay", log, "--config", a, "--against", b, "--format", "html"]
  const program = yield* launch(process.execPath, command, { cwd: process.cwd(), env: {} })
  yield* program.exit
  const html = yield* fileWith("change.html", yield* program.result)
  yield* Effect.promise(async () => {
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] })
    const page = await browser.newPage({ viewport: size })
    await page.goto(`file://${html}`)
    await take({ page }, "replay-against")
    await browser.close()
  })
}))

mkdirSync(folder, { recursive: true })
// A room of its own for each.
const world = Layer.mergeAll(Playground.layer(answers, false), Browser.layer).pipe(Layer.provideMerge(LlmServer.layer))
const inRoom = (picture: typeof silent) => Effect.provide(picture, Layer.fresh(world))
const pictures = new Map([
  ["why-silent", inRoom(silent)],
  ["settings-changed", inRoom(changed)],
  ["processing-diff", inRoom(wording)],
  ["phone", inRoom(phone)],
  ["replay-against", against]
])
const wanted = process.argv.slice(2)
for (const [name, picture] of pictures) {
  if (wanted.length === 0 || wanted.includes(name)) await Effect.runPromise(picture)
}
