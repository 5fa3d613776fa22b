import { Schema } from "effect"

/** Why an event is invalid: the `reason` of `events_invalid_total`. */
export const InvalidReason = Schema.Literals([
  "too_large",
  "not_json",
  "field",
  "time",
  "wrong_channel",
  "headers",
  "member",
  "poison"
])
export type InvalidReason = typeof InvalidReason.Type

/** An event that cannot be decoded. It names the field and the constraint, never the content (F1). */
export class InvalidEvent extends Schema.TaggedError<InvalidEvent>()("InvalidEvent", {
  reason: InvalidReason,
  field: Schema.String,
  constraint: Schema.String
}) {
  override get message() {
    return `${this.field}: ${this.constraint}; the event was ignored`
  }
}
