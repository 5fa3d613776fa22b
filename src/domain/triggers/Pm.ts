import { Schema } from "effect"
import { required } from "../Field.ts"
import { commonFields, type TriggerType } from "./TriggerType.ts"

/** A private message to the bot. */
export const PmEntry = Schema.Struct({
  type: required(Schema.Literal("pm"), "a private message to the bot"),
  ...commonFields
})

/** Fires on any private message. */
export const pm: TriggerType<typeof PmEntry.Type> = {
  on: "pm",
  asked: true,
  compile: () => () => "private message",
  covers: () => true,
  lint: () => []
}
