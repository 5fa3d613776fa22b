import { writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { Effect, Exit, Option, Schema, Scope } from "effect"
import { stringify } from "yaml"
import { LlmDouble } from "../../support/LlmDouble.ts"
import { NatsServer } from "../../support/NatsServer.ts"
import { emptyFolder, freePort, llmBot, type Program } from "../../support/Program.ts"
import { get } from "../../support/RunningProgram.ts"
import { unlimited } from "../../support/unlimited.ts"
import { channels } from "./Load.ts"
import { within } from "./within.ts"
import { botName } from "./Rooms.ts"

const Health = Schema.fromJsonString(Schema.Struct({
  partitions: Schema.optionalKey(Schema.Struct({ count: Schema.Int, owned: Schema.Array(Schema.Int) }))
}))
const decodeHealth = Schema.decodeUnknownOption(Health)

/** One of the processes that share the rooms. */
export interface Replica {
  readonly name: string
  readonly program: Program
  /** The partitions it says it owns; none while it does not answer. */
  readonly owned: Effect.Effect<ReadonlyArray<number>>
  readonly metrics: Effect.Effect<string>
  /** Sends the signal and waits for the end; the exit code. */
  readonly end: (signal: "SIGTERM" | "SIGKILL") => Effect.Effect<number | null>
}

/** The processes' configuration: few limits, and a prompt that holds much, so that a test sees what the bot knows. */
const configOf = (
  nats: string,
  llm: string,
  port: number,
  sections: Readonly<Record<string, unknown>>
): Readonly<Record<string, unknown>> => ({
  nats: { servers: [nats], protocol: "cytube", jetstream: { enabled: true } },
  channels: channels.map((name) => ({ name })),
  bot: { username: botName },
  llm_api: { base_url: llm, api_key: "none", model: "double", retry_attempts: 1, max_context_messages: 200 },
  triggers: [{ type: "mention" }],
  rate_limits: { ...unlimited, max_user_share: null, max_private_share: null },
  response_processing: { quality_checks_enabled: false },
  log_level: process.env["SCALE_LOGS"] === undefined ? "INFO" : "DEBUG",
  health: { port },
  ...sections
})

/** Keeps what a replica wrote, in the folder that `SCALE_LOGS` names, for whoever looks for a cause. */
const keepLog = (name: string, { output }: Program) =>
  Effect.addFinalizer(() =>
    Effect.map(output, (text) => {
      const folder = process.env["SCALE_LOGS"]
      if (folder !== undefined) writeFileSync(join(folder, `${name}.${Date.now()}.log`), text)
    })
  )

/** Starts a replica and waits until it is ready; it ends with the scope at the latest. */
export const startReplica = Effect.fnUntraced(function*(
  name: string,
  sections: Readonly<Record<string, unknown>> = {}
) {
  const { url: nats } = yield* NatsServer
  const { url: llm } = yield* LlmDouble
  const scope = yield* Scope.fork(yield* Effect.scope)
  return yield* Effect.gen(function*() {
    const port = yield* freePort
    const file = join(yield* emptyFolder, "config.yaml")
    writeFileSync(file, stringify(configOf(nats, llm, port, sections)))
    const program = yield* llmBot(["run", "--config", file])
    yield* keepLog(name, program)
    // Several start at once, on a machine that has other things to do.
    yield* within(
      90,
      "the replica is ready",
      Effect.zip(program.output, program.logs),
      ([, lines]) => lines.some(({ message }) => message === "Bot ready" || message === "Start failed")
    )
    yield* program.logged("Bot ready")
    const answer = (path: string) =>
      get(port, path).pipe(
        Effect.map(({ text }) => text),
        Effect.timeoutOrElse({ duration: "1 second", orElse: () => Effect.succeed("") }),
        Effect.catchDefect(() => Effect.succeed(""))
      )
    const replica: Replica = {
      name,
      program,
      owned: Effect.map(
        answer("/health"),
        (text) => Option.getOrUndefined(decodeHealth(text))?.partitions?.owned ?? []
      ),
      metrics: answer("/metrics"),
      end: (signal) =>
        program.signal(signal).pipe(
          Effect.andThen(program.exit),
          Effect.tap(() => Scope.close(scope, Exit.void))
        )
    }
    return replica
  }).pipe(Scope.provide(scope))
})
