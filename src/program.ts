import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { exitOnSecondSignal, teardown } from "./layers/Exit.ts"
import { run } from "./layers/Main.ts"
import { version } from "./layers/Package.ts"

const config = Flag.String("config").pipe(Flag.withAlias("c"), Flag.withDescription("the configuration file (YAML)"))

const runCommand = Command.make("run", { config }, ({ config }) => run(config)).pipe(
  Command.withDescription("Run the bot")
)

exitOnSecondSignal()
Command.make("llm-bot").pipe(
  Command.withDescription("A chat participant for CyTube rooms"),
  Command.withSubcommands([runCommand]),
  Command.run({ version }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true, teardown })
)
