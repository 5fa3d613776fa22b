import { keepCompiled } from "./layers/process/CompileCache.ts"
import { endOnCrash } from "./layers/process/Crash.ts"
import { holdSignals } from "./layers/process/EarlySignals.ts"
import { surviveOutput } from "./layers/process/Output.ts"

endOnCrash()
holdSignals()
surviveOutput()
keepCompiled()
// Everything else is loaded afterwards: it takes a while, and a signal may come meanwhile (F10).
const { main } = await import("./layers/Cli.ts")
main()
