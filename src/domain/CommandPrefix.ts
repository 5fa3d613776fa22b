/** The usual command prefixes of rooms and bots, the default of `bot.command_prefixes`. */
export const defaultCommandPrefixes: ReadonlyArray<string> = [..."/!.$#~\\+-%?;=&*^|"]

/** Recognises commands for a room's other bots, and for the room itself, by their prefix. */
export interface CommandPrefixes {
  /** True of a line that another bot would take for a command; `*waves*` is none. */
  readonly isCommand: (line: string) => boolean
  /** The line without what makes it a command; never longer than before. */
  readonly strip: (line: string) => string
}

/** The server itself runs `/command` with the bot's rank (WIRE), so it is always a command. */
const roomPrefix = "/"

// Blanks and invisible characters (`DI`: default-ignorable, and the blank braille cell) may stand before a prefix.
const invisible = "[\\s\\p{DI}\\p{Cc}\\u2800]*"
const unseen = new RegExp(invisible, "uy")
const wordStart = /[\p{L}\p{N}]/uy

/** Small and fullwidth forms and what they stand for: a reader takes `！` and `﹗` for the sign itself. */
const forms = ([[0xFE50, 0xFE6F], [0xFF01, 0xFF5E]] as const).flatMap(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, index) => String.fromCodePoint(first + index))
).map((form) => ({ form, sign: form.normalize("NFKC") }))
const formsOf = (character: string): string => {
  const others = forms.filter(({ sign }) => sign === character).map(({ form }) => form)
  return `[${[character, ...others].map((one) => one.replace(/[\\\]^-]/g, "\\$&")).join("")}]`
}

// Some letters are not seen (`DI`), and some marks are letters of another case.
const visibleLetterFirst = /^[[\p{L}\p{N}]--\p{DI}]/v
const letterFirst = /^[\p{L}\p{M}\p{N}]/u

const onlyDots = /^[.．﹒]{2,}$/u
// `-5 degrees`, `$5k`, `+1`, `#1`, `~20min`: a sign of figures, and of letters no more than a unit. `-8ball` is a command.
const figure = /^[-+$#~.=]{1,3} ?\d[\d.,:]*\p{scx=Latin}{0,3}(?![\p{scx=Latin}\p{N}])/u
// `^o^`, `-w-`, `\o/`, `;D`: a face begins with a sign too.
const face = /^(?:([-^=~*+;|?])[\p{L}\p{N}]\1|[\\/][oO0mM][\\/]|[;=][DPO])(?![\p{L}\p{N}])/u
const emphasis = /^([*~]{1,3})(?=[^\s*~])[^*~]{0,100}[^\s*~]\1(?![\p{L}\p{N}])/u
/** As much of a line's beginning as tells a face or a figure. */
const beginning = 128

const after = (pattern: RegExp, text: string, from: number): number => {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}

/** Compiles `bot.command_prefixes`. */
export const compileCommandPrefixes = (prefixes: ReadonlyArray<string>): CommandPrefixes => {
  const spelt = [...new Set([roomPrefix, ...prefixes])].toSorted((one, other) => other.length - one.length)
  const hasLetters = spelt.some((text) => letterFirst.test(text))
  const longestPrefix = Math.max(3, ...spelt.map(({ length }) => length))
  const prefix = new RegExp(spelt.map((text) => [...text].map(formsOf).join("")).join("|"), "iuy")

  /** Where the word of a command begins; 0 when the line is none. */
  const commandWord = (line: string): number => {
    const start = after(unseen, line, 0)
    const begins = line.slice(start, start + beginning).normalize("NFKC")
    if (figure.test(begins) || face.test(begins)) return 0
    let end = start
    for (let next = after(prefix, line, end); next > end; next = after(prefix, line, end)) {
      end = after(unseen, line, next)
    }
    wordStart.lastIndex = end
    const run = line.slice(start, end).replace(new RegExp(invisible, "gu"), "")
    return end > start && !onlyDots.test(run) && wordStart.test(line) ? end : 0
  }

  const strip = (line: string): string => {
    const word = commandWord(line)
    return word === 0 ? line.trim() : strip(line.slice(word))
  }
  // People begin lines with rows of signs too: a command's prefix is short and touches its word.
  const isCommand = (line: string): boolean => {
    // Most lines begin with a letter, and most prefixes are signs.
    if (!hasLetters && visibleLetterFirst.test(line)) return false
    const text = line.trimStart()
    const word = commandWord(text)
    return word > 0 && word <= longestPrefix && !/\s/u.test(text.slice(0, word)) &&
      !emphasis.test(text.slice(0, beginning))
  }
  return { isCommand, strip }
}
