import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { Effect } from "effect"
import { emptyFolder, launch } from "./Program.ts"
import { eventually } from "./eventually.ts"

// A datagram socket of the kind systemd listens on, which Node has not: each datagram becomes a line of JSON. Received
// file descriptors (systemd-notify's barrier) are closed, or it would wait.
const listener = `
import json, os, socket, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print(json.dumps({"message": "listening"}), flush=True)
while True:
    data, fds, _, _ = socket.recv_fds(s, 4096, 8)
    for fd in fds: os.close(fd)
    text = "\\n".join(line for line in data.decode().split("\\n") if not line.startswith("MAINPID="))
    if text != "BARRIER=1":
        print(json.dumps({"message": text, "usec": time.monotonic_ns() // 1000}), flush=True)
`

/** What systemd was told, by whatever stands in for it. */
export interface NotifySocket {
  /** What the program's environment must hold. */
  readonly env: Readonly<Record<string, string>>
  readonly told: Effect.Effect<ReadonlyArray<Told>>
  /** Waits for a state that begins so, the nth of its kind. */
  readonly heard: (state: string, times?: number) => Effect.Effect<unknown>
}

/** One notification, and when it was heard on systemd's clock. */
export interface Told {
  readonly state: string
  readonly usec: number
}

const standIn = (env: NotifySocket["env"], told: NotifySocket["told"]): NotifySocket => ({
  env,
  told,
  heard: (state, times = 1) =>
    eventually(
      `${state} told ${times} times`,
      told,
      (all) => all.filter((one) => one.state.startsWith(state)).length >= times
    )
})

/** A socket as systemd's, for systemd's own tool to speak to. */
const realSocket = Effect.gen(function*() {
  const path = join(yield* emptyFolder, "notify")
  const child = yield* launch("python3", ["-c", listener, path], {
    cwd: "/",
    env: { HOME: process.env["HOME"] ?? "/" }
  })
  yield* child.logged("listening")
  const told = Effect.map(
    child.logs,
    (lines) => lines.slice(1).map(({ message, usec }) => ({ state: String(message), usec: Number(usec) }))
  )
  return standIn({ NOTIFY_SOCKET: path }, told)
})

// Writes the uptime and what it was told, a line each time: the clock is systemd's as long as the machine never sleeps.
const tool = `#!/bin/sh
states=""
for part in "$@"; do case "$part" in --*) ;; *) states="$states|$part" ;; esac; done
echo "$(cut -d' ' -f1 /proc/uptime) $states" >> "$NOTIFY_SOCKET"
`

/** Where the machine has no systemd: a tool of the same name that writes down what it is told. */
const toldTool = Effect.map(emptyFolder, (folder) => {
  const path = join(folder, "notify")
  writeFileSync(path, "")
  writeFileSync(join(folder, "systemd-notify"), tool, { mode: 0o755 })
  const told = Effect.sync(() =>
    readFileSync(path, "utf8").split("\n").filter((line) => line !== "").map((line) => {
      const [uptime = "", states = ""] = line.split(" |")
      return { state: states.replaceAll("|", "\n"), usec: Number(uptime) * 1e6 }
    })
  )
  return standIn({ NOTIFY_SOCKET: path, PATH: `${folder}:${process.env["PATH"] ?? ""}` }, told)
})

const has = (program: string): boolean => spawnSync("sh", ["-c", `command -v ${program}`]).status === 0

/** Listens as systemd does; without systemd's tool or python3, a tool of our own stands in. */
export const notifySocket = has("python3") && has("systemd-notify") ? realSocket : toldTool
