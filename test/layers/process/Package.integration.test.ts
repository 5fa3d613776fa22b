import { execFileSync, spawnSync } from "node:child_process"
import { copyFileSync, readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule, Schema } from "effect"
import manifest from "../../../package.json" with { type: "json" }
import { emptyFolder, freePort, launch } from "../../support/Program.ts"

const root = resolve(import.meta.dirname, "../../..")

/** A PATH as a person has it: without the Node that the repository brings. */
const personsPath = (process.env["PATH"] ?? "").split(":").filter((part) => !part.includes("node_modules")).join(":")

const Posted = Schema.fromJsonString(Schema.Struct({ correlation_id: Schema.NonEmptyString }))

describe("the packed package", () => {
  it.live("installed into an empty folder it says its version and plays", () =>
    Effect.gen(function*() {
      const folder = yield* emptyFolder
      const npm = (cwd: string, ...args: ReadonlyArray<string>) =>
        execFileSync("npm", [...args], {
          cwd,
          stdio: "pipe",
          encoding: "utf8",
          env: { ...process.env, PATH: personsPath }
        })
      execFileSync("npm", ["pack", "--pack-destination", folder], { cwd: root, stdio: "pipe" })
      const [tarball = ""] = readdirSync(folder)
      copyFileSync(join(folder, tarball), join(folder, "llm-bot.tgz"))
      npm(folder, "init", "--yes")
      npm(folder, "install", "--no-audit", "--no-fund", "./llm-bot.tgz")
      const bin = join(folder, "node_modules/.bin/llm-bot")
      const said = spawnSync(bin, ["--version"], { cwd: folder, encoding: "utf8", env: { PATH: personsPath } })
      assert.include(said.stdout, manifest.version, said.stderr)

      const port = yield* freePort
      const program = yield* launch(bin, ["playground", "--port", String(port)], {
        cwd: folder,
        env: { PATH: personsPath }
      })
      yield* program.output.pipe(
        Effect.repeat({ until: (text) => text.includes("Talk to it at"), schedule: Schedule.spaced("50 millis") }),
        Effect.timeout("15 seconds")
      )
      const page = yield* Effect.promise(() => fetch(`http://127.0.0.1:${port}/`).then((response) => response.text()))
      assert.include(page, "<!doctype html>")
      const posted = yield* Effect.promise(() =>
        fetch(`http://127.0.0.1:${port}/api/messages`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ channel: "lobby", username: "Zoe", message: "MovieBot, are you there?" })
        }).then((response) => response.text().then((text) => ({ status: response.status, text })))
      )
      assert.strictEqual(posted.status, 202)
      const { correlation_id } = yield* Schema.decodeEffect(Posted)(posted.text)
      assert.match(correlation_id, /^[0-9a-f-]{36}$/)
      // The whole exchange shows in the terminal: the line, the decision with its steps, the reply.
      const told = yield* program.output.pipe(
        Effect.repeat({
          until: (text) =>
            /> Zoe: MovieBot[\s\S]*mention matches "MovieBot"/.test(text) && /line from Zoe: replied/.test(text),
          schedule: Schedule.spaced("50 millis")
        }),
        Effect.timeout("15 seconds")
      )
      assert.match(told, /< MovieBot: /)
      yield* program.signal("SIGTERM")
      assert.strictEqual(yield* program.exit, 0)
    }).pipe(Effect.scoped), 120_000)
})
