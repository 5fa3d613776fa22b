/** The key as sent: surrounding whitespace, as files and secrets have it, is trimmed. */
export const trimmedKey = (key: string): string => key.trim()

const namesOfCharacters: Readonly<Record<number, string>> = { 0: "a NUL", 10: "a line break", 13: "a line break" }

/** Why a key cannot be an HTTP header, if so; without the key itself (N4). */
export const keyProblem = (key: string): string | undefined => {
  const characters = [...trimmedKey(key)]
  const index = characters.findIndex((character) => /[^\t\x20-\x7e\x80-\xff]/.test(character))
  if (index < 0) return undefined
  const code = characters[index]?.codePointAt(0) ?? 0
  const name = namesOfCharacters[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`
  return `no HTTP header can carry this key: its character ${index + 1} is ${name}`
}
