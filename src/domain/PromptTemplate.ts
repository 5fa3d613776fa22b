import { Schema } from "effect"

/** The placeholders of a prompt (F6). */
const Placeholder = Schema.Literals([
  "context_window",
  "trigger_message",
  "username",
  "channel",
  "bot_name",
  "media_title"
])
type Placeholder = typeof Placeholder.Type

/** What each placeholder stands for. */
export type TemplateValues = Readonly<Record<Placeholder, string>>

const placeholder = /\{([a-z_]+)\}/g
// Also near misses of a placeholder: `{userName}`, `{ channel }`.
const bracePattern = /\{\s*\p{L}[\p{L}\p{N}_-]*\s*\}/gu
const isPlaceholder = Schema.is(Placeholder)

/** The unknown `{names}` of a template (F6: a configuration error in the template). */
export const unknownPlaceholders = (template: string): ReadonlyArray<string> =>
  [...template.matchAll(bracePattern)].flatMap(([whole]) => isPlaceholder(whole.slice(1, -1)) ? [] : [whole])

/**
 * Fills the placeholders in one pass: what is filled in is never looked at again, so a message that holds a placeholder
 * stays as it is (F6).
 */
export const fillTemplate = (template: string, values: TemplateValues): string =>
  template.replace(placeholder, (whole, name: string) => isPlaceholder(name) ? values[name] : whole)
