import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import process from "node:process"
import { Effect } from "effect"
import { Protocol } from "../src/domain/wire/Subject.ts"
import { announcementExample, converse, fenced, wireExample } from "./apiExamples.ts"

/** A declaration with the comment above it. */
interface Declared {
  readonly name: string
  /** `service` for a `Context.Service`, else the keyword. */
  readonly kind: "service" | "class" | "const"
  readonly comment: string
  /** The text from here to the next declaration that has a comment. */
  readonly text: string
}

// References to the specification are for the reader of the code.
const plain = (comment: string): string =>
  comment.replace(/\s*\n\s*\*\s*/g, " ").trim()
    .replace(/ *\((?:[FN]\d|[A-Z]{4,})[^)]*\)| of F\d+| as F\d+ says/g, "")

const declaration = /\/\*\*((?:(?!\*\/)[^])*)\*\/\s*export (class|const) (\w+)( extends Context\.Service)?/g

const declaredIn = (file: string): ReadonlyArray<Declared> => {
  const text = readFileSync(file, "utf8")
  const found = [...text.matchAll(declaration)]
  return found.map(({ 1: comment = "", 2: keyword, 3: name = "", 4: service, index }, at): Declared => ({
    name,
    kind: service !== undefined ? "service" : keyword === "class" ? "class" : "const",
    comment: plain(comment),
    text: text.slice(index, found[at + 1]?.index)
  }))
}

const sources = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts")).sort()
    .map((file) => join(folder, file))

const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string =>
  [head, head.map(() => "---"), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n")

const layerFiles = sources("src/layers").map((file) => ({ file, text: readFileSync(file, "utf8") }))

/** Where a service's layers are: in its own class, else wherever one is built. */
const layersOf = ({ name, text }: Declared): string => {
  const own = [...text.matchAll(/static readonly (layer\w*)/g)].map(([, layer]) => `\`${name}.${layer}\``)
  const built = new RegExp(`Layer\\.(?:effect|succeed|sync)\\(\\s*${name}\\b`)
  const elsewhere = layerFiles.filter((layer) => built.test(layer.text)).map(({ file }) => `\`${file}\``)
  return [...own, ...elsewhere].join(", ")
}

const services = (): string =>
  table(
    ["service", "what it does", "layer"],
    sources("src/services").flatMap((file) =>
      declaredIn(file).filter(({ kind }) => kind === "service").map((
        service
      ) => [`\`${service.name}\` (\`${file}\`)`, service.comment, layersOf(service)])
    )
  )

const isLayerFile = (file: string): boolean => !/^src\/layers\/(?:replay|playground)\//.test(file)

/** What a file of the outside world is there for: what it exports as a layer or under its own name, else everything. */
const purpose = (file: string): string => {
  const all = declaredIn(file)
  const own = basename(file, ".ts").toLowerCase()
  const main = all.find(({ name }) => name.startsWith("layer") || name.toLowerCase() === own)
  return main?.comment ??
    all.filter(({ kind }) => kind === "const").map(({ comment, name }) => `\`${name}\`: ${comment}`).join(" ")
}

const layers = (): string =>
  table(
    ["file", "what it does"],
    layerFiles.filter(({ file }) => isLayerFile(file)).map(({ file }) => [`\`${file}\``, purpose(file)])
  )

const metric = /(counter|histogram|gauge)\(\s*"(\w+)",\s*"([^"]+)"(?:,\s*\[([^\]]+)\])?/g

/** The labels of a metric as the golden run shows them. */
const labelsOf = (name: string): string => {
  const golden = readFileSync("test/fixtures/golden/metrics.txt", "utf8")
  const series = [...golden.matchAll(new RegExp(`^${name}(?:_bucket|_count|_sum)?\\{(.*)\\}`, "gm"))]
  const labels = series.flatMap(([, labels = ""]) => [...labels.matchAll(/(\w+)="/g)].map(([, label = ""]) => label))
  return [...new Set(labels)].filter((label) => label !== "le").map((label) => `\`${label}\``).join(", ")
}

const metrics = (): string =>
  table(
    ["metric", "type", "labels", "what it says"],
    [...readFileSync("src/services/telemetry/Metrics.ts", "utf8").matchAll(metric)].map(
      (
        [, type = "", name = "", description = "", buckets]
      ) => [`\`${name}\``, buckets === undefined ? type : `${type}: ${buckets}`, labelsOf(name), description]
    )
  )

/** The commands as `--help` names them. */
const commands = (): string => {
  const help = execFileSync(process.execPath, ["src/program.ts", "--help"], { encoding: "utf8" })
  const lines = [.../SUBCOMMANDS\n([^]*)/.exec(help)?.[1]?.matchAll(/^ {2}(\S+) +(\S.*)$/gm) ?? []]
  return table(["command", "does"], lines.map(([, name = "", does = ""]) => [`\`${name}\``, does]))
}

const indented = (json: string): string => JSON.stringify(JSON.parse(json), null, 2)

/** A list of steps on one line each: a page is no place for fifty lines of brackets. */
const compact = (json: string): string =>
  indented(json).replace(/\{\n\s+"_tag"[^]*?\n {8}\}(?=,?\n)/g, (step) => step.replace(/\s*\n\s*/g, " "))

const blocks = Effect.map(converse, (conversation): Readonly<Record<string, () => string>> => ({
  services,
  layers,
  ...Object.fromEntries(Protocol.literals.map((protocol) => [`wire: ${protocol}`, () => wireExample(protocol)])),
  announcement: () => fenced("json", announcementExample),
  commands,
  headers: () => fenced("", conversation.command),
  health: () => fenced("json", indented(conversation.health)),
  metrics,
  question: () => fenced("json", conversation.question),
  answer: () => fenced("json", compact(conversation.answer)),
  story: () => fenced("", conversation.story),
  log: () => fenced("json", conversation.logLine)
}))

/** The page with its generated parts written anew from the code; the words between them are written by hand. */
export const apiPage = (page: string): Effect.Effect<string> =>
  Effect.map(blocks, (all) =>
    page.replace(/<!-- generated: (.*?) -->[^]*?<!-- end -->/g, (_, name: string) => {
      const block = all[name]
      if (block === undefined) throw new Error(`nothing generates "${name}"`)
      return `<!-- generated: ${name} -->\n\n${block()}\n\n<!-- end -->`
    }))
