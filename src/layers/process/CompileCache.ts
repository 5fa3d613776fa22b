import { existsSync, mkdirSync, statSync } from "node:fs"
import module from "node:module"
import { homedir } from "node:os"
import { join } from "node:path"
import process from "node:process"

// Without packages: it runs before any of them is loaded.

/** Where a user's programs keep what they can make again (XDG). */
const userCache = (): string => process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache")

/** Makes a folder for the user alone. Not those above it: Node tries that for ever where the system allows none. */
const make = (path: string): void => {
  if (!existsSync(path)) mkdirSync(path, { mode: 0o700 })
}

/** Whether nobody else can write there: Node runs what it finds. */
const isOurs = (path: string): boolean => {
  const { mode, uid } = statSync(path)
  return uid === process.getuid?.() && (mode & 0o022) === 0
}

/**
 * Lets Node keep the bundle compiled for the next start, where it can: Node 22 or newer, and a cache folder that can be
 * written. `NODE_COMPILE_CACHE` names another folder, `NODE_DISABLE_COMPILE_CACHE=1` turns it off (F10).
 */
export const keepCompiled = (): void => {
  const { enableCompileCache, getCompileCacheDir }: Partial<typeof module> = module
  // From source there are hundreds of files.
  if (import.meta.url.endsWith(".ts") || getCompileCacheDir?.() !== undefined) return
  try {
    const path = join(userCache(), "llm-bot")
    make(userCache())
    make(path)
    if (isOurs(path)) enableCompileCache?.(path)
  } catch {
    // No such folder, or a read-only one: the start takes longer.
  }
}
