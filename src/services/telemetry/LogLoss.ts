import { Context } from "effect"

/** Why log lines are lost now; nothing while they are written, or where no log is written to stdout (OPERATIONS, HTTP). */
export const LogLoss: Context.Reference<() => string | undefined> = Context.Reference("llm-bot/LogLoss", {
  defaultValue: () => (): string | undefined => undefined
})
