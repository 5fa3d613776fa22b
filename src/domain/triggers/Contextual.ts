import { Schema } from "effect"
import { field, PositiveSeconds, required, Text, Whole } from "../Field.ts"
import { commonFields, type TriggerType } from "./TriggerType.ts"

/** The room as a whole, on a timer: the model is asked whether a comment would fit. */
export const ContextualEntry = Schema.Struct({
  type: required(Schema.Literal("contextual"), "the room as a whole, on a timer"),
  ...commonFields,
  evaluation_interval_seconds: field(PositiveSeconds, 120, "seconds between two evaluations"),
  min_messages_since_last_bot_message: field(Whole, 5, "lines of people needed since the bot's last line"),
  participation_prompt: field(
    Text,
    "Would a short comment from you fit naturally into this chat right now? Answer only yes or no.",
    "what the model is asked; only an answer that begins with yes counts"
  )
})
export type ContextualEntry = typeof ContextualEntry.Type

/** Fires when the timer finds a room that a comment fits into. */
export const contextual: TriggerType<ContextualEntry> = {
  on: "timer",
  asked: false,
  compile: () => () => undefined,
  // Each entry has its own timer.
  covers: () => false,
  lint: (entry, contextSize) =>
    entry.min_messages_since_last_bot_message > contextSize
      ? [
        {
          field: ["min_messages_since_last_bot_message"],
          message: `never reached: context_window.size keeps ${contextSize} lines`
        }
      ]
      : []
}
