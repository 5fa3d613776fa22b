import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { CliConfig, Command, GlobalFlag } from "effect/cli"
import { commandLine } from "./layers/Cli.ts"
import { exitOnSecondSignal, teardown } from "./layers/process/Exit.ts"
import { version } from "./layers/process/Package.ts"

exitOnSecondSignal()
Command.run(commandLine, { version }).pipe(
  Effect.provideService(CliConfig.CliConfig, {
    builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions]
  }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true, teardown })
)
