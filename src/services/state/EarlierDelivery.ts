import { Context } from "effect"

/**
 * True where a recording of version 0.1 is replayed: lines leave at its pace of one a second, echoes are told by their
 * order, and nothing is sent again.
 */
export const EarlierDelivery: Context.Reference<boolean> = Context.Reference("llm-bot/EarlierDelivery", {
  defaultValue: (): boolean => false
})
