import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { Command, Flag } from "effect/cli"
import { exitOnSecondSignal, teardown } from "./layers/Exit.ts"
import { run } from "./layers/Main.ts"
import { version } from "./layers/Package.ts"
import { playground } from "./layers/Playground.ts"

const config = Flag.String("config").pipe(Flag.withAlias("c"), Flag.withDescription("the configuration file (YAML)"))

const runCommand = Command.make("run", { config }, ({ config }) => run(config)).pipe(
  Command.withDescription("Run the bot")
)

exitOnSecondSignal()
const playgroundCommand = Command.make("playground", {
  config: Flag.optional(config),
  port: Flag.Int("port").pipe(Flag.withDefault(8088), Flag.withDescription("the page's port; taken: the next free one"))
}, ({ config, port }) => playground(config, port)).pipe(
  Command.withDescription("Talk to the bot in a room of its own: no NATS needed")
)

Command.make("llm-bot").pipe(
  Command.withDescription("A chat participant for CyTube rooms"),
  Command.withSubcommands([runCommand, playgroundCommand]),
  Command.run({ version }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true, teardown })
)
