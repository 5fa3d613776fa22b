import { execFileSync, spawnSync } from "node:child_process"
import process from "node:process"

const isThere = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0

const apt = (...args: ReadonlyArray<string>): void => {
  execFileSync("apt-get", ["-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3", ...args], {
    stdio: "pipe",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }
  })
}

/** Installs the packages whose programs this machine lacks; as root, on Debian. `programs` is package by program. */
export const installMissing = (programs: Readonly<Record<string, string>>): void => {
  const missing = Object.entries(programs).flatMap(([program, name]) => isThere(program) ? [] : [name])
  if (missing.length === 0) return
  try {
    apt("update")
    apt("install", "--yes", "--no-install-recommends", ...missing)
  } catch (cause) {
    throw new Error(`these tests need ${missing.join(", ")}: run them as root on Debian, or install what is missing`, {
      cause
    })
  }
}
