import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect } from "effect"
import { Argument, CliConfig, Command, Flag, GlobalFlag } from "effect/cli"
import { defaultLast } from "../domain/decision/Explain.ts"
import { settingsJsonSchema } from "../domain/settings/SettingsJsonSchema.ts"
import { checkConfig } from "./config/CheckConfig.ts"
import { run } from "./Daemon.ts"
import { explain } from "./explain/ExplainCommand.ts"
import { initConfig } from "./config/InitConfig.ts"
import { replayLog } from "./replay/ReplayCommand.ts"
import { playground } from "./playground/Playground.ts"
import { crashText } from "./process/Crash.ts"
import { isDaemon, tellEarlyStop } from "./process/EarlySignals.ts"
import { teardown } from "./process/Exit.ts"
import { version } from "./process/Package.ts"
import { printError } from "./process/Print.ts"

const config = Flag.String("config").pipe(Flag.withAlias("c"), Flag.withDescription("configuration file (YAML)"))

const format = Flag.Literals("format", ["text", "json"]).pipe(
  Flag.withDefault("text"),
  Flag.withDescription("output for people or for programs")
)

const runCommand = Command.make("run", {
  config,
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withDefault(false),
    Flag.withDescription("decide and ask the model, but publish nothing")
  ),
  logLevel: Flag.Literals("log-level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]).pipe(
    Flag.optional,
    Flag.withDescription("override log_level")
  ),
  record: Flag.String("record").pipe(
    Flag.optional,
    Flag.withDescription("write a recording for `replay` to this file")
  ),
  recordAnonymous: Flag.Boolean("record-anonymous").pipe(
    Flag.withDefault(false),
    Flag.withDescription("replace user names in the recording")
  ),
  pidFile: Flag.String("pid-file").pipe(Flag.optional, Flag.withDescription("write the process id to this file"))
}, ({ config: file, ...options }) => run({ file, ...options })).pipe(
  Command.withDescription("Run the bot")
)

const checkConfigCommand = Command.make("check-config", {
  file: Argument.String("file").pipe(Argument.withDescription("configuration file (YAML)")),
  format,
  connect: Flag.Boolean("connect").pipe(
    Flag.withDefault(false),
    Flag.withDescription("also test NATS, the API keys and the models")
  )
}, checkConfig).pipe(
  Command.withDescription("Report every problem in a configuration file")
)

const initCommand = Command.make("init", {
  file: Argument.String("file").pipe(Argument.withDefault("config.yaml"), Argument.withDescription("file to write"))
}, ({ file }) => initConfig(file)).pipe(
  Command.withDescription("Write a commented configuration to start from")
)

const schemaCommand = Command.make("schema", {}, () => Console.log(settingsJsonSchema().trimEnd())).pipe(
  Command.withDescription("Print the configuration's JSON Schema")
)

const playgroundCommand = Command.make("playground", {
  config: Flag.optional(config),
  port: Flag.Int("port").pipe(
    Flag.withDefault(8088),
    Flag.withDescription("port of the page; if taken, the next free one")
  )
}, ({ config, port }) => playground(config, port)).pipe(
  Command.withDescription("Chat with the bot on a local page; no NATS needed")
)

const replayCommand = Command.make("replay", {
  logs: Argument.String("log").pipe(
    Argument.withDescription(
      "a recording, a capture, CyTube's channel log, the bridge's audit log, or 2026-11-21 20:15:00<TAB>user<TAB>text; " +
        "several, as replicas record them, are replayed together"
    ),
    Argument.atLeast(1)
  ),
  config: Flag.optional(config).pipe(Flag.withDescription("configuration; default: the recording's own")),
  against: Flag.String("against").pipe(
    Flag.optional,
    Flag.withDescription("compare with this configuration")
  ),
  llm: Flag.Boolean("llm").pipe(
    Flag.withDefault(false),
    Flag.withDescription("ask the real model where the log has no answer")
  ),
  format: Flag.Literals("format", ["text", "json", "html"]).pipe(
    Flag.withDefault("text"),
    Flag.withDescription("terminal text, JSON or a standalone page")
  )
}, replayLog).pipe(
  Command.withDescription("Replay a log: what would the bot have said, and why not?")
)

const explainCommand = Command.make("explain", {
  config,
  correlationId: Argument.String("correlation-id").pipe(
    Argument.optional,
    Argument.withDescription("correlation id, as in the logs")
  ),
  last: Flag.Int("last").pipe(
    Flag.withDefault(defaultLast),
    Flag.withDescription("number of latest decisions")
  ),
  user: Flag.String("user").pipe(Flag.optional, Flag.withDescription("only this user's messages")),
  channel: Flag.String("channel").pipe(Flag.optional, Flag.withDescription("only this channel")),
  format
}, ({ config: file, ...options }) => explain({ file, ...options })).pipe(
  Command.withDescription("Ask a running bot why it did or did not answer")
)

/** The command line (OPERATIONS, commands). */
const commandLine = Command.make("llm-bot").pipe(
  Command.withDescription("A chat participant for CyTube rooms"),
  Command.withSubcommands([
    runCommand,
    playgroundCommand,
    checkConfigCommand,
    initCommand,
    schemaCommand,
    replayCommand,
    explainCommand
  ])
)

/** Runs the command of the command line, to the end of the process. */
export const main = (): void => {
  Command.run(commandLine, { version }).pipe(
    Effect.provideService(CliConfig.CliConfig, {
      builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions]
    }),
    // The daemon tells it in its log.
    Effect.tapDefect((defect) => isDaemon() ? Effect.void : printError(crashText(defect))),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain({ disableErrorReporting: true, teardown })
  )
  tellEarlyStop()
}
