import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { CliConfig, Command, GlobalFlag } from "effect/cli"
import { commandLine } from "./Cli.ts"
import { tellEarlyStop } from "./process/EarlySignals.ts"
import { teardown } from "./process/Exit.ts"
import { version } from "./process/Package.ts"

/** Runs the command of the command line, to the end of the process. */
export const main = (): void => {
  Command.run(commandLine, { version }).pipe(
    Effect.provideService(CliConfig.CliConfig, {
      builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions]
    }),
    Effect.provide(NodeServices.layer),
    NodeRuntime.runMain({ disableErrorReporting: true, teardown })
  )
  tellEarlyStop()
}
