import { posix } from "node:path"

const names = (list: string): ReadonlyArray<string> =>
  list.split(",").map((name) => name.trim()).filter((name) => name !== "")

const importing = /^import (?:\{([^}]*)\}|\* as (\w+)) from "([^"]+)";?$/gm
const exporting = /^export (?=(?:const|function|class) (\w+))/gm
const exportList = /\bexport\s*\{([^{}]*)\};?\s*$/
const unknown = /^(?:import|export)\b.*$/m

/**
 * ES modules as one script for a page that opens from disk, where modules cannot be loaded: each becomes a scope of its
 * own, after those it imports. `read` gives a module's text by its path. The same modules give the same bytes. A form of
 * import or export that is not known, a circle of imports and text that would end a script element are refused.
 */
export const pageScript = (entry: string, read: (path: string) => string): string => {
  const done = new Set<string>()
  const scopes: Array<string> = []

  const add = (path: string, importers: ReadonlyArray<string>): void => {
    if (importers.includes(path)) throw new Error(`${[...importers, path].join(" imports ")}: a circle`)
    if (done.has(path)) return
    done.add(path)
    const exported: Array<string> = []
    const body = read(path)
      .replaceAll(importing, (_, some: string | undefined, all: string | undefined, from: string) => {
        const imported = posix.resolve(posix.dirname(path), from)
        add(imported, [...importers, path])
        const bound = all ?? `{ ${names(some ?? "").map((name) => name.replace(/ as /, ": ")).join(", ")} }`
        return `const ${bound} = modules["${imported}"]`
      })
      .replaceAll(exporting, (_, name: string) => {
        exported.push(name)
        return ""
      })
      .replace(exportList, (_, list: string) => {
        exported.push(...names(list).map((name) => name.replace(/^(\w+) as (\w+)$/, "$2: $1")))
        return ""
      })
    const strange = unknown.exec(body)
    if (strange !== null) throw new Error(`${path}: a page cannot hold "${strange[0]}"`)
    if (/<(?:\/script|!--)/i.test(body)) throw new Error(`${path} holds what ends a script element`)
    scopes.push(`modules["${path}"] = (() => {\n${body.trim()}\nreturn { ${exported.join(", ")} }\n})()`)
  }

  add(entry, [])
  return ["const modules = {}", ...scopes].join("\n")
}
