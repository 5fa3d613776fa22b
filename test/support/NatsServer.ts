import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Context, Effect, Layer, Schedule, Schema } from "effect"
import { natsServerBinary } from "./natsServerBinary.ts"

const Ports = Schema.fromJsonString(Schema.Struct({ nats: Schema.NonEmptyArray(Schema.String) }))

/** A real nats-server on a port the system chose. */
export class NatsServer extends Context.Service<NatsServer, {
  /** `nats://127.0.0.1:PORT` */
  readonly url: string
  /** Kills the server as a crash would. */
  readonly kill: Effect.Effect<void>
  /** Starts it again on the same port. */
  readonly restart: Effect.Effect<void>
  /** Makes it read its configuration file again, or stand still and go on. */
  readonly signal: (signal: "SIGHUP" | "SIGSTOP" | "SIGCONT") => Effect.Effect<void>
}>()("test/NatsServer") {
  static readonly layerWith = (
    args: ReadonlyArray<string>,
    binary: () => string = natsServerBinary
  ): Layer.Layer<NatsServer> =>
    Layer.effect(
      NatsServer,
      Effect.gen(function*() {
        const dir = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "llm-bot-nats-"))),
          (dir) => Effect.sync(() => rmSync(dir, { recursive: true, force: true }))
        )
        let child: ChildProcess | undefined
        const exited = (process: ChildProcess) =>
          Effect.callback<void>((resume) => {
            if (process.exitCode !== null || process.signalCode !== null) resume(Effect.void)
            else process.once("exit", () => resume(Effect.void))
          })
        const launch = (port: string) =>
          Effect.gen(function*() {
            for (const old of readdirSync(dir)) rmSync(join(dir, old), { force: true, recursive: true })
            child = spawn(binary(), ["-a", "127.0.0.1", "-p", port, "--ports_file_dir", dir, ...args], {
              stdio: "ignore"
            })
            return yield* Effect.sync(() => readdirSync(dir).find((name) => name.endsWith(".ports"))).pipe(
              Effect.flatMap((file) =>
                Schema.decodeEffect(Ports)(file === undefined ? "" : readFileSync(join(dir, file), "utf8"))
              ),
              Effect.retry(Schedule.spaced("20 millis").pipe(Schedule.upTo({ times: 500 }))),
              Effect.orDie
            )
          })
        const stop = (signal: NodeJS.Signals) =>
          Effect.suspend(() => {
            const running = child
            if (running === undefined) return Effect.void
            running.kill(signal)
            return exited(running)
          })
        yield* Effect.addFinalizer(() => stop("SIGKILL"))
        const url = (yield* launch("-1")).nats[0]
        const port = new URL(url).port
        return NatsServer.of({
          url,
          kill: stop("SIGKILL"),
          restart: Effect.asVoid(launch(port)),
          signal: (name) => Effect.sync(() => void child?.kill(name))
        })
      })
    )

  static readonly layer = NatsServer.layerWith([])

  /** With JetStream, whose files outlive a restart; `config` stands in the server's configuration. */
  static readonly layerJetStream = (binary?: string, config = ""): Layer.Layer<NatsServer> =>
    Layer.unwrap(
      Effect.map(
        Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "llm-bot-jetstream-"))),
          (dir) => Effect.sync(() => rmSync(dir, { recursive: true, force: true }))
        ),
        (dir) => {
          const file = join(dir, "server.conf")
          writeFileSync(file, config.includes("jetstream") ? config : `jetstream { store_dir: "${dir}" }\n${config}`)
          return NatsServer.layerWith(["-c", file], binary === undefined ? natsServerBinary : () => binary)
        }
      )
    )
}
