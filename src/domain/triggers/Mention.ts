import { Schema } from "effect"
import { required } from "../Field.ts"
import { compileNames } from "./NameMatch.ts"
import { commonFields, type TriggerType } from "./TriggerType.ts"

/** `@name`, the bot's name or an alias as a whole word. */
export const MentionEntry = Schema.Struct({
  type: required(Schema.Literal("mention"), "the bot is named"),
  ...commonFields
})

/** Fires when a line names the bot. */
export const mention: TriggerType<typeof MentionEntry.Type> = {
  on: "line",
  asked: true,
  compile: (_, names) => compileNames(names),
  covers: () => true,
  lint: () => []
}
