import { execFileSync } from "node:child_process"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join, normalize } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Predicate, Result, Schema } from "effect"
import { parse, stringify } from "yaml"
import { Protocol } from "../src/domain/wire/protocols/Protocol.ts"
import { SkipReason } from "../src/domain/decision/Decision.ts"
import { reasonText } from "../src/domain/decision/SkipText.ts"
import { compileCommandPrefixes } from "../src/domain/CommandPrefix.ts"
import { compileReply } from "../src/domain/reply/Reply.ts"
import { ResponseProcessing } from "../src/domain/settings/ResponseSettings.ts"
import { triggerOrder } from "../src/domain/triggers/TriggerEntry.ts"
import { parseSettings } from "../src/domain/settings/SettingsFile.ts"
import { exitCodes } from "../src/layers/process/ExitCodes.ts"

const Named = Schema.Record(Schema.String, Schema.String)
const decodePackage = Schema.decodeSync(
  Schema.fromJsonString(Schema.Struct({ scripts: Named, dependencies: Named, devDependencies: Named }))
)

const read = (file: string): string => readFileSync(file, "utf8")

const pages = [
  "README.md",
  "CHANGELOG.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...readdirSync("docs", { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".md")).map((file) =>
    join("docs", file)
  )
]

const sources = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts")).map((file) =>
    join(folder, file)
  )

const all = (text: string, pattern: RegExp): ReadonlyArray<string> =>
  [...text.matchAll(pattern)].map(([, found = ""]) => found)

/** A page without its blocks of code. */
const prose = (page: string): string => read(page).replace(/^ *```[^]*?^ *```/gm, "")

/** The headings of a page as GitHub's anchors. */
const anchors = (page: string): ReadonlySet<string> => {
  const found = new Set<string>()
  for (const heading of all(prose(page), /^#+ +(.*)$/gm)) {
    const slug = heading.toLowerCase().replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[^\p{L}\p{N}\s_-]/gu, "").trim()
      .replaceAll(" ", "-")
    let name = slug
    for (let again = 1; found.has(name); again++) name = `${slug}-${again}`
    found.add(name)
  }
  return found
}

describe("the pages", () => {
  it.each(pages)("%s: every link leads somewhere", (page) => {
    const broken = all(prose(page), /\]\(([^)\s]+)\)/g).filter((link) => {
      if (/^[a-z]+:/.test(link)) return false
      const [path = "", anchor] = link.split("#")
      const target = path === "" ? page : normalize(join(dirname(page), path))
      return !existsSync(target) || (anchor !== undefined && !anchors(target).has(anchor))
    })
    assert.deepStrictEqual(broken, [])
  })

  it.each(pages)("%s: every path of the repository exists", (page) => {
    const words = all(prose(page), /`([^`\n]+)`/g).flatMap((code) => code.split(/\s+/))
    const paths = words.filter((word) => /^(?:src|docs|deploy|test|scripts|config|playground)\/[\w./*-]*$/.test(word))
    // Of a pattern, the folder it is about.
    const missing = paths.filter((path) =>
      !existsSync(path.includes("*") ? dirname(path.slice(0, path.indexOf("*") + 1)) : path)
    )
    assert.deepStrictEqual(missing, [])
  })

  it.each(pages)("%s: every npm script exists", (page) => {
    const { scripts } = decodePackage(read("package.json"))
    const named = all(read(page), /npm run (?:-s |--silent )?([\w:-]+)/g)
    assert.deepStrictEqual(named.filter((name) => !Object.hasOwn(scripts, name)), [])
  })
})

describe("the version", () => {
  it("is the same in the package, the lockfile, the changelog, the manifests and the pages", () => {
    const decode = Schema.decodeUnknownSync(Schema.Struct({ version: Schema.String }))
    const { version } = decode(JSON.parse(read("package.json")))
    const locked: unknown = JSON.parse(read("package-lock.json"))
    assert.deepInclude(locked, { version })
    const [newest] = all(read("CHANGELOG.md"), /^## (\d+\.\d+\.\d+)/gm)
    const [tag] = all(read("deploy/kubernetes/kustomization.yaml"), /newTag: "(.*)"/g)
    assert.deepStrictEqual({ newest, tag }, { newest: version, tag: version })
    const named = all(read("docs/deployment.md"), /llm-bot[:-](\d+\.\d+\.\d+)/g)
    assert.isNotEmpty(named)
    assert.deepStrictEqual([...new Set(named)], [version])
  })
})

describe("the lockfile", () => {
  it("asks for no Node on behalf of a package: npm would warn of each", () => {
    assert.lengthOf(all(read("package-lock.json"), /^ +("engines"): /gm), 1, "node scripts/completeLockfile.ts")
  })
})

describe("the workflows", () => {
  it.each(["ci", "release"])("%s runs scripts that exist", (name) => {
    const workflow = read(`.github/workflows/${name}.yml`)
    assert.doesNotThrow(() => parse(workflow))
    const { scripts } = decodePackage(read("package.json"))
    const named = all(workflow, /npm (?:run )?(check|test|build|[\w:]+:[\w:]+)$/gm)
    assert.deepStrictEqual(named.filter((script) => !Object.hasOwn(scripts, script)), [])
    const files = all(workflow, /- run: bash (\S+)$/gm)
    assert.deepStrictEqual(files.filter((file) => !existsSync(file)), [])
    assert.isNotEmpty([...named, ...files])
  })
})

describe("docs/dependencies.md", () => {
  it("names every dependency with its version, and no other", () => {
    const { dependencies, devDependencies } = decodePackage(read("package.json"))
    const rows = [...read("docs/dependencies.md").matchAll(/^\| `([^`]+)` \| (\S+) \|/gm)].map(([, name, version]) =>
      `${name} ${version}`
    )
    const wanted = Object.entries({ ...dependencies, ...devDependencies }).map(([name, version]) =>
      `${name} ${version}`
    )
    assert.deepStrictEqual(rows.toSorted(), wanted.toSorted())
  })
})

describe("docs/troubleshooting.md", () => {
  it("quotes log messages that the program writes", () => {
    const code = sources("src").map(read).join("\n")
    const quoted = all(
      read("docs/troubleshooting.md"),
      /\b(?:DEBUG|INFO|WARNING|ERROR|CRITICAL) ([A-Z][^`\n]*?)(?:`|  |$)/gm
    )
    assert.isNotEmpty(quoted)
    const written = (message: string): boolean =>
      code.includes(`"${message}"`) || code.includes(`\`${message.split(" ").slice(0, 2).join(" ")}`)
    assert.deepStrictEqual(quoted.filter((message) => !written(message.replace(/ +[a-z_]+=.*$/, ""))), [])
  })
})

describe("docs/tuning.md", () => {
  const page = read("docs/tuning.md")

  it("names the triggers that test a message in the order of the code", () => {
    const tested = triggerOrder.filter((type) => type !== "contextual").map((type) => `\`${type}\``)
    assert.include(page, `in the order ${tested.join(", ")}:`)
  })

  it("shows a page that has words for every trigger there is", () => {
    const page = read("playground/triggers.js")
    const [, rows = ""] = /const types = \{\n([^]*?)\n\}/.exec(page) ?? []
    assert.deepStrictEqual(all(rows, /^  (\w+): \{/gm), [...triggerOrder])
    // These two are in every list from the start, so nothing adds them.
    const added = all(rows, /^    added: \{\s*type: "(\w+)"/gm)
    assert.deepStrictEqual(["mention", "pm", ...added], [...triggerOrder])
  })

  it("shows a page that has words for every processing step there is", () => {
    const [, rows = ""] = /const steps = \{\n([^]*?)\n\}/.exec(read("playground/texts.js")) ?? []
    const input = { botNames: [], people: [], recentReplies: [], trigger: "" }
    const { steps } = compileReply(Schema.decodeSync(ResponseProcessing)({}), compileCommandPrefixes([]))(
      "a line that is sent",
      input
    )
    assert.deepStrictEqual(all(rows, /^  (\w+): "/gm), steps.map(({ step }) => step))
  })

  /** A configuration with a part put into it: fields one by one, lists as a whole. */
  const withPart = (whole: unknown, part: unknown): unknown =>
    Predicate.isObject(whole) && Predicate.isObject(part)
      ? {
        ...whole,
        ...Object.fromEntries(
          Object.entries(part).map(([name, value]) => [name, withPart(Reflect.get(whole, name), value)])
        )
      }
      : part

  it("tells of every reason for silence in the program's own words, and of no other", () => {
    const table = page.split("| reason | in the story |")[1]?.split("\n\n")[0] ?? ""
    const rows = [...table.matchAll(/^\| `(\w+)` \| (.*?) \|/gm)].map(([, reason, words]) => `${reason}: ${words}`)
    assert.deepStrictEqual(
      rows.toSorted(),
      SkipReason.literals.map((reason) => `${reason}: ${reasonText(reason)}`).toSorted()
    )
  })

  it("shows settings that are accepted without a warning", () => {
    const base: unknown = parse(read("playground/playground.yaml"))
    const environment = { LLM_BASE_URL: "http://127.0.0.1:9/v1", LLM_API_KEY: "none", LLM_MODEL: "none" }
    const snippets = all(page, /^```yaml\n([^]*?)^```/gm)
    assert.isNotEmpty(snippets)
    for (const snippet of snippets) {
      const parsed = parseSettings(stringify(withPart(base, parse(snippet))), environment)
      const found = Result.isSuccess(parsed) ? parsed.success.warnings : parsed.failure
      assert.deepStrictEqual(found.map(({ message, path }) => `${path}: ${message}`), [], snippet)
    }
  })
})

describe("docs/specification", () => {
  const page = read("docs/specification/operations.md")
  const inCode = new Set(all(page, /`([^`\n]+)`/g))

  const missing = (names: ReadonlyArray<string>): ReadonlyArray<string> => {
    assert.isNotEmpty(names)
    return names.filter((name) => !inCode.has(name))
  }

  it("shows every protocol", () => {
    const section = read("docs/specification/wire.md").split("\n## ").find((part) => part.startsWith("Protocols")) ?? ""
    assert.deepStrictEqual(all(section, /^### (.*)$/gm), [...Protocol.literals])
  })

  it("names every metric", () => {
    assert.deepStrictEqual(
      missing(all(read("src/services/telemetry/MetricFamilies.ts"), /(?:counter|histogram|gauge)\(\s*"(\w+)"/g)),
      []
    )
  })

  it("names every command, and no other", () => {
    const help = execFileSync(process.execPath, ["src/program.ts", "--help"], { encoding: "utf8" })
    const commands = all(help.split("SUBCOMMANDS")[1] ?? "", /^ {2}([a-z-]+) /gm)
    assert.isNotEmpty(commands)
    assert.deepStrictEqual(all(page, /^### ([a-z-]+)$/gm).toSorted(), commands.toSorted())
  })

  it("names every request of the playground, and no other", () => {
    const api = read("src/layers/playground/PlaygroundApi.ts")
    const served = [
      ...[...api.matchAll(/router\.add\(\s*"(\w+)",\s*"(\/[^"]+)"/g)].map(([, method, path]) => `${method} ${path}`),
      ...all(api, /stream\(\s*"(\/[^"]+)"/g).map((path) => `GET ${path}`)
    ]
    assert.isNotEmpty(served)
    assert.deepStrictEqual([...inCode].filter((code) => /^(?:GET|POST) \/api/.test(code)).toSorted(), served.toSorted())
  })

  it("names every path of the HTTP server", () => {
    const served = all(read("src/layers/telemetry/HealthServer.ts"), /get\(\s*"(\/\w+)"/g)
    assert.deepStrictEqual(missing(served.map((path) => `GET ${path}`)), [])
  })

  it("names every exit code", () => {
    const codes = all(page.split("| exit code |")[1]?.split("\n\n")[0] ?? "", /^\| (\d) \|/gm)
    assert.deepStrictEqual(codes.map(Number), Object.values(exitCodes))
  })

  it("names no log field that is never written, and no fixed message that the code does not have", () => {
    const fields = all(page.split("## Logs")[1]?.split("|")[0] ?? "", /`([a-z_]+)`/g)
    assert.isNotEmpty(fields)
    const code = sources("src").map(read).join("\n")
    const messages = all(page, /^\| [A-Z]+ \| (`.*) \|$/gm).flatMap((cell) => all(cell, /`([^`]+)`/g))
    assert.isNotEmpty(messages)
    assert.deepStrictEqual(messages.filter((message) => !code.includes(`"${message}"`)), [])
    assert.deepStrictEqual(
      fields.filter((field) => !new RegExp(`\\b${field}\\b\\??:|\\b${field}\\b[,} ]`).test(code)),
      []
    )
  })
})
