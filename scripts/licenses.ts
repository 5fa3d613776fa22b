import { readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import type { Plugin } from "rolldown"

/** What the page loads in the browser besides the bundle. */
const besides = ["node_modules/htm/package.json"]

/** htm's file for the browser holds Preact, whose licence the package lacks. */
const preact = `preact in htm (MIT)\n\n-------------------\n\n${
  readFileSync("playground/preact-license.txt", "utf8").trim()
}`

/** The package a module belongs to, as its folder. */
const packageOf = (module: string): string | undefined =>
  /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(module.replace(/^\0/, ""))?.[0]

const stringIn = (value: unknown, key: string): string =>
  typeof value === "object" && value !== null && key in value
    ? String(Object.entries(value).find(([name]) => name === key)?.[1])
    : "unknown"

/** A package by name, version and licence, and the texts that have to go with it. */
const noticeOf = (folder: string): string => {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
  const texts = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice|copying)/i.test(file)).toSorted()
    .map((file) => readFileSync(join(folder, file), "utf8").trim())
  const heading = `${stringIn(manifest, "name")} ${stringIn(manifest, "version")} (${stringIn(manifest, "license")})`
  return [heading, "-".repeat(heading.length), ...(texts.length === 0 ? ["(no licence text in the package)"] : texts)]
    .join("\n\n")
}

/** Writes the licences of every package in the bundle, and of what the page loads, beside it. */
export const licenses = (fileName: string): Plugin => ({
  name: "licenses",
  generateBundle(_, bundle) {
    const modules = Object.values(bundle).flatMap((part) => part.type === "chunk" ? part.moduleIds : [])
    const folders = new Set([...besides.map(dirname), ...modules.flatMap((module) => packageOf(module) ?? [])])
    const notices = [...[...folders].map(noticeOf), preact].toSorted()
    const source = `llm-bot holds the packages below, each under its own licence.\n\n\n${notices.join("\n\n\n")}\n`
    this.emitFile({ type: "asset", fileName, source })
  }
})
