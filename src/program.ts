import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Effect } from "effect"
import { Argument, CliConfig, Command, Flag, GlobalFlag } from "effect/cli"
import { settingsJsonSchema } from "./domain/settings/SettingsJsonSchema.ts"
import { checkConfig } from "./layers/CheckConfig.ts"
import { run } from "./layers/Daemon.ts"
import { exitOnSecondSignal, teardown } from "./layers/Exit.ts"
import { initConfig } from "./layers/InitConfig.ts"
import { version } from "./layers/Package.ts"
import { playground } from "./layers/Playground.ts"

const config = Flag.String("config").pipe(Flag.withAlias("c"), Flag.withDescription("the configuration file (YAML)"))

const runCommand = Command.make("run", {
  config,
  dryRun: Flag.Boolean("dry-run").pipe(
    Flag.withDefault(false),
    Flag.withDescription("decide and ask the model, but publish nothing")
  ),
  logLevel: Flag.Literals("log-level", ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]).pipe(
    Flag.optional,
    Flag.withDescription("in place of the configuration's log_level")
  ),
  pidFile: Flag.String("pid-file").pipe(Flag.optional, Flag.withDescription("a file to write the process id to"))
}, ({ config: file, ...options }) => run({ file, ...options })).pipe(
  Command.withDescription("Run the bot")
)

const checkConfigCommand = Command.make("check-config", {
  file: Argument.String("file").pipe(Argument.withDescription("the configuration file (YAML)")),
  format: Flag.Literals("format", ["text", "json"]).pipe(Flag.withDefault("text"), Flag.withDescription("for people, or for programs")),
  connect: Flag.Boolean("connect").pipe(Flag.withDefault(false), Flag.withDescription("also try NATS, the key and the model"))
}, checkConfig).pipe(
  Command.withDescription("Name every problem of a configuration file")
)

const initCommand = Command.make("init", {
  file: Argument.String("file").pipe(Argument.withDefault("config.yaml"), Argument.withDescription("the file to write"))
}, ({ file }) => initConfig(file)).pipe(
  Command.withDescription("Write a commented configuration to start from")
)

const schemaCommand = Command.make("schema", {}, () => Console.log(settingsJsonSchema().trimEnd())).pipe(
  Command.withDescription("Print the configuration's JSON Schema")
)

const playgroundCommand = Command.make("playground", {
  config: Flag.optional(config),
  port: Flag.Int("port").pipe(Flag.withDefault(8088), Flag.withDescription("the page's port; taken: the next free one"))
}, ({ config, port }) => playground(config, port)).pipe(
  Command.withDescription("Talk to the bot in a room of its own: no NATS needed")
)

exitOnSecondSignal()
Command.make("llm-bot").pipe(
  Command.withDescription("A chat participant for CyTube rooms"),
  Command.withSubcommands([runCommand, playgroundCommand, checkConfigCommand, initCommand, schemaCommand]),
  Command.run({ version }),
  Effect.provideService(CliConfig.CliConfig, {
    builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions]
  }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true, teardown })
)
