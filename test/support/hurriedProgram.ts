import process from "node:process"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Effect, Option } from "effect"
import { run } from "../../src/layers/Daemon.ts"
import { holdSignals } from "../../src/layers/process/EarlySignals.ts"
import { teardown } from "../../src/layers/process/Exit.ts"
import { StopLimits } from "../../src/services/Stopping.ts"

// `llm-bot run`, but in a hurry: the arguments are the file and the seconds for the replies and for the whole stop.
const [file = "", replies = "1", all = "6"] = process.argv.slice(2)

holdSignals()
run({
  file,
  logLevel: Option.none(),
  pidFile: Option.none(),
  dryRun: false,
  record: Option.none(),
  recordAnonymous: false
}).pipe(
  Effect.provideService(StopLimits, { replies: `${Number(replies)} seconds`, all: `${Number(all)} seconds` }),
  Effect.provide(NodeServices.layer),
  NodeRuntime.runMain({ disableErrorReporting: true, teardown })
)
