import { Context } from "effect"

/** True where lines pass through a stream, which drops doubled ones and keeps what was sent (N2). */
export const Relayed: Context.Reference<boolean> = Context.Reference("llm-bot/Relayed", {
  defaultValue: (): boolean => false
})

/** The header of a relayed line that says how it counts. */
export const countedHeader = "Llm-Bot-Counted"
