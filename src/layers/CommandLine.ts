import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect } from "effect"
import { CliConfig, Command, GlobalFlag } from "effect/cli"
import { commandLine } from "./Cli.ts"
import { crashText } from "./process/Crash.ts"
import { isDaemon, tellEarlyStop } from "./process/EarlySignals.ts"
import { teardown } from "./process/Exit.ts"
import { version } from "./process/Package.ts"
import { printError } from "./process/Print.ts"

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
