import { stat } from "node:fs/promises"
import { Predicate } from "effect"

const reasons: Readonly<Record<string, string>> = {
  EACCES: "you may not read it",
  EISDIR: "it is a folder",
  ELOOP: "its links lead nowhere",
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  NOFILE: "it is no file, but a pipe or a device"
}

/** Why a file cannot be read, in words. */
export const fileFault = (cause: unknown): string => {
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : "unknown"
  return `cannot be read: ${reasons[code] ?? code}`
}

/** Fails where a path names no file: reading a pipe waits for its writer, and no signal ends the wait. */
export const requireFile = async (path: string): Promise<void> => {
  const stats = await stat(path)
  if (stats.isDirectory()) throw Object.assign(new Error("a folder"), { code: "EISDIR" })
  if (!stats.isFile()) throw Object.assign(new Error("no file"), { code: "NOFILE" })
}
