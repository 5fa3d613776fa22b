import { spawnSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"

const src = resolve(import.meta.dirname, "../src")
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))

/** Everything a file imports: files of the house by their path in `src/`, packages by name. */
const importsOf = (file: string): ReadonlyArray<string> =>
  [...readFileSync(join(src, file), "utf8").matchAll(/^(?:import|export)\b(?:[^=;]*?\bfrom)?\s+["']([^"'\n]+)["']/gm)]
    .flatMap(([, name]) =>
      name === undefined ? [] : [name.startsWith(".") ? relative(src, resolve(src, dirname(file), name)) : name]
    )

const room = (file: string): string => file.split("/")[0] ?? file
const isHouse = (name: string): boolean => files.includes(name)

/** What each room may use besides itself. */
const rooms: Readonly<Record<string, { readonly house: ReadonlyArray<string>; readonly packages: RegExp }>> = {
  domain: {
    house: ["domain"],
    packages: /^(effect|effect\/encoding|entities|mdast-util-from-markdown|re2js|yaml|@noble\/hashes\/.*)$/
  },
  services: { house: ["domain", "services"], packages: /^(effect|effect\/crypto)$/ },
  layers: { house: ["domain", "services", "layers"], packages: /./ },
  "program.ts": {
    house: ["layers"],
    packages: /^$/
  }
}

/**
 * Which feature may use which, room by room. A feature is a folder; files beside the folders are named here. The order is
 * the one of the rooms' storeys: a feature uses only what stands above it.
 */
const features: Readonly<Record<string, Readonly<Record<string, ReadonlyArray<string>>>>> = {
  domain: {
    words: [],
    intake: [],
    telemetry: [],
    wire: ["words"],
    ownership: ["wire"],
    bridge: ["words", "wire"],
    decision: ["words", "telemetry", "wire"],
    triggers: ["words", "decision"],
    endpoints: [],
    settings: ["words", "endpoints", "wire", "triggers"],
    limits: ["words", "decision", "triggers", "settings"],
    reply: ["words", "decision", "settings"],
    context: ["words", "settings"],
    llm: ["words", "telemetry", "settings", "reply", "context"],
    state: ["words", "limits"],
    channel: ["words", "wire", "bridge", "decision", "triggers", "settings", "limits", "reply", "context", "state"],
    replay: ["words", "decision", "triggers"],
    playground: ["words", "triggers", "settings", "channel"],
    jetstream: ["words", "wire", "ownership", "settings"]
  },
  services: {
    ports: [],
    ownership: [],
    telemetry: ["ports"],
    state: ["ports", "telemetry"],
    decision: ["ports", "state", "telemetry"],
    limits: ["state", "telemetry", "decision"],
    bridge: ["ports", "state", "telemetry"],
    reply: ["ports", "state", "telemetry", "decision", "limits", "bridge"],
    triggers: ["ports", "state", "telemetry", "decision", "limits", "reply"],
    bot: ["ports", "ownership", "state", "telemetry", "decision", "limits", "reply", "triggers", "bridge"],
    replay: ["ports", "state", "decision", "limits", "reply", "triggers"]
  },
  layers: {
    time: [],
    process: [],
    nats: [],
    jetstream: ["nats"],
    state: ["nats"],
    llm: [],
    telemetry: ["process"],
    config: ["process", "nats", "llm"],
    ownership: ["nats"],
    wiring: ["nats"],
    explain: ["process", "nats", "config"],
    replay: ["process", "time", "llm", "config", "wiring"],
    playground: ["process", "time", "nats", "llm", "telemetry", "config", "wiring"],
    commands: [
      "process",
      "state",
      "nats",
      "llm",
      "telemetry",
      "config",
      "wiring",
      "explain",
      "replay",
      "playground"
    ]
  }
}

/** The features of files that stand beside the folders. */
const loose: Readonly<Record<string, string>> = {
  "domain/BridgeCommand.ts": "words",
  "domain/ChannelSettings.ts": "channel",
  "domain/ChannelSnapshot.ts": "channel",
  "domain/ChannelState.ts": "channel",
  "domain/ChatContext.ts": "context",
  "domain/ChatEvent.ts": "words",
  "domain/ClockReading.ts": "words",
  "domain/CommandPrefix.ts": "words",
  "domain/ContextWindow.ts": "context",
  "domain/Conversation.ts": "words",
  "domain/EventIdentity.ts": "words",
  "domain/Field.ts": "words",
  "domain/Hash.ts": "words",
  "domain/Ids.ts": "words",
  "domain/PhraseMatch.ts": "words",
  "domain/Presence.ts": "channel",
  "domain/PromptTemplate.ts": "words",
  "domain/Words.ts": "words",
  "services/Announcements.ts": "bot",
  "services/BotConfig.ts": "ports",
  "services/ChannelSupervisor.ts": "bot",
  "services/Health.ts": "bot",
  "services/Hearing.ts": "bot",
  "services/Intake.ts": "ports",
  "services/LlmClient.ts": "ports",
  "services/MessagePipeline.ts": "bot",
  "services/Nats.ts": "ports",
  "services/PastEvents.ts": "bot",
  "services/RoomUpdates.ts": "bot",
  "services/Stopping.ts": "ports",
  "services/Time.ts": "ports",
  "layers/Cli.ts": "commands",
  "layers/Daemon.ts": "commands",
  "layers/Main.ts": "wiring",
  "layers/Transport.ts": "wiring"
}

const featureOf = (file: string): string => {
  const [, folder = "", nested] = file.split("/")
  return loose[file] ?? (nested === undefined ? `no feature: ${file}` : folder)
}

describe("the house", () => {
  it("has files to look at", () => assert.isAbove(files.length, 40))

  for (const file of files) {
    it(`${file} imports one way`, () => {
      const allowed = rooms[room(file)]
      if (allowed === undefined) return assert.fail(`${file} stands in no room`)
      for (const name of importsOf(file)) {
        if (isHouse(name)) assert.include(allowed.house, room(name), `${file} imports ${name}`)
        else if (!name.endsWith("package.json")) assert.match(name, allowed.packages, `${file} imports ${name}`)
      }
    })
  }

  for (const [name, allowed] of Object.entries(features)) {
    it(`${name}: a feature uses what stands above it, and the map says no more than is so`, () => {
      const used = Object.fromEntries(Object.keys(allowed).map((feature) => [feature, new Set<string>()]))
      for (const file of files.filter((other) => room(other) === name)) {
        const feature = featureOf(file)
        for (const other of importsOf(file).filter((imported) => isHouse(imported) && room(imported) === name)) {
          if (featureOf(other) !== feature) used[feature]?.add(featureOf(other))
        }
        assert.property(allowed, feature, file)
      }
      const order = Object.keys(allowed)
      for (const [feature, others] of Object.entries(used)) {
        assert.sameMembers([...others], [...allowed[feature] ?? []], `${name}/${feature}`)
        for (const other of others) {
          assert.isBelow(order.indexOf(other), order.indexOf(feature), `${feature} uses ${other}`)
        }
      }
    })
  }

  it("has no barrel and no circle", () => {
    assert.deepStrictEqual(files.filter((file) => file.endsWith("index.ts")), [])
    const visited = new Set<string>()
    const visit = (file: string, path: ReadonlyArray<string>): void => {
      assert.notInclude(path, file, `a circle: ${[...path, file].join(" → ")}`)
      if (visited.has(file)) return
      for (const name of importsOf(file).filter(isHouse)) visit(name, [...path, file])
      visited.add(file)
    }
    for (const file of files) visit(file, [])
  })

  it("loads no package before signals are held", () => {
    const visited = new Set<string>()
    const visit = (file: string): void => {
      if (visited.has(file)) return
      visited.add(file)
      for (const name of importsOf(file)) {
        if (isHouse(name)) visit(name)
        else assert.match(name, /^node:/, `${file} imports ${name}`)
      }
    }
    visit("program.ts")
    assert.isAbove(visited.size, 3)
  })

  it("knows of each break on purpose where it stands", () => {
    const { status, stdout } = spawnSync(process.execPath, ["scripts/mutate.ts", "--list"], { encoding: "utf8" })
    assert.strictEqual(status, 0, stdout)
  })

  it("keeps its files short: one concept each", () => {
    const long = files.map((file) => [file, readFileSync(join(src, file), "utf8").split("\n").length] as const)
      .filter(([, lines]) => lines > 220)
    assert.deepStrictEqual(long, [])
  })
})
