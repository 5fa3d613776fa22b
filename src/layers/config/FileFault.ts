import { Predicate } from "effect"

const reasons: Readonly<Record<string, string>> = {
  EACCES: "you may not read it",
  EISDIR: "it is a folder",
  ENOENT: "there is no such file"
}

/** Why a file cannot be read, in words. */
export const fileFault = (cause: unknown): string => {
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : "unknown"
  return `cannot be read: ${reasons[code] ?? code}`
}
