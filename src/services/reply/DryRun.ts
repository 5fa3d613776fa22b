import { Context } from "effect"

/** True where the bot decides, reserves and asks the model, but publishes nothing (`run --dry-run`). */
export const DryRun: Context.Reference<boolean> = Context.Reference("llm-bot/DryRun", {
  defaultValue: (): boolean => false
})
