import process from "node:process"
import { join } from "node:path"
import { Effect } from "effect"
import { emptyFolder, launch } from "./Program.ts"
import { eventually } from "./RunningProgram.ts"

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

/** A socket as systemd's, and what it was told so far. */
export const notifySocket = Effect.gen(function*() {
  const path = join(yield* emptyFolder, "notify")
  const child = yield* launch("python3", ["-c", listener, path], { cwd: "/", env: { HOME: process.env["HOME"] ?? "/" } })
  yield* child.logged("listening")
  const told = Effect.map(child.logs, (lines) => lines.slice(1).map(({ message, usec }) => ({ state: String(message), usec: Number(usec) })))
  return {
    path,
    told,
    /** Waits for a state that begins so, the nth of its kind. */
    heard: (state: string, times = 1) =>
      eventually(`${state} told ${times} times`, told, (all) => all.filter((one) => one.state.startsWith(state)).length >= times)
  }
})
