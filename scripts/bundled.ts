import type { Plugin } from "rolldown"

const prefix = "\0required:"

/**
 * Requires Node's HTTP modules instead of importing them: an import reads every export at once, and one of theirs loads
 * Node's web socket and HTTP/2 clients, which the program does not use.
 */
export const requiredHttp: Plugin = {
  name: "requiredHttp",
  resolveId: (id, _importer, { kind }) =>
    kind === "import-statement" && /^(?:node:)?https?$/.test(id) ? `${prefix}${id.replace(/^node:/, "")}` : undefined,
  load: (id) =>
    id.startsWith(prefix)
      ? { code: `module.exports = require("node:${id.slice(prefix.length)}")`, moduleType: "js" }
      : undefined
}

/** Escapes what is not ASCII: V8 keeps a file's text, at two bytes a character where one character needs them. */
export const ascii: Plugin = {
  name: "ascii",
  generateBundle(_, bundle) {
    for (const part of Object.values(bundle)) {
      if (part.type !== "chunk") continue
      part.code = part.code.replace(
        /[\u0080-\uFFFF]/g,
        (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
      )
    }
  }
}
