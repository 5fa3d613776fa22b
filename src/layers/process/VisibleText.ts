// What steers a terminal, or turns the order of what is read; a line's end and a tab do neither.
const steering = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/gu
const harmless = /^[\t\n\x20-\x7E]*$/

/** A text that others had a part in as it may be printed: what would steer the terminal is shown as `\u001b`. */
export const visibleText = (text: string): string =>
  harmless.test(text) ?
    text :
    text.replace(steering, (character) =>
      character === "\n" || character === "\t"
        ? character
        : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`)
