import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import process from "node:process"

/** Where Debian's browser is. */
export const chromium = "/usr/bin/chromium"

const apt = (...args: ReadonlyArray<string>) =>
  execFileSync("apt-get", ["-o", "DPkg::Lock::Timeout=300", ...args], {
    stdio: "pipe",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  })

/** Runs once before the tests: installs the browser where that is allowed, else one line says what to do. */
export const setup = (): void => {
  if (existsSync(chromium)) return
  try {
    apt("update")
    apt("install", "-y", "--no-install-recommends", "chromium")
  } catch {
    throw new Error(`the browser test needs ${chromium}: apt-get install --no-install-recommends chromium`)
  }
}
