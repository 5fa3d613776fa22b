// What chat servers and bots take for the start of a command, and the fullwidth forms; between them blanks and
// whatever is invisible (`DI`: default-ignorable, and the blank braille cell).
const sign = "\\/!.$#~\\\\／！．＄＃～＼"
const invisible = "\\s\\p{DI}\\p{Cc}\\u2800"
const leading = new RegExp(`^[${invisible}]*[${sign}][${sign}${invisible}]*(?=\\p{L})`, "u")
const dots = new RegExp(`^[${invisible}]*[.．]{2,}[${invisible}]*$`, "u")

/** True when a reader would see anything at all. */
export const isVisible = (text: string): boolean => /[^\s\p{DI}\p{Cc}\u2800]/u.test(text)

/**
 * Step 6: a text that the room would take for a command loses what makes it one: the server runs a leading
 * `/command` with the bot's rank (WIRE, room behaviour). An ellipsis (`...hm`) and a leading `>` stay. It only ever shortens.
 */
export const commandSafe = (text: string): string => {
  const run = leading.exec(text)?.[0]
  if (run === undefined || dots.test(run)) return text.trim()
  return commandSafe(text.slice(run.length))
}
