/** The key as it is sent: line ends and blanks around it, as files and secrets have them, are not part of it. */
export const trimmedKey = (key: string): string => key.trim()

const namesOfCharacters: Readonly<Record<number, string>> = { 0: "a NUL", 10: "a line break", 13: "a line break" }

/** What keeps a key out of every HTTP header, if anything does; the key itself is not told (N4). */
export const keyProblem = (key: string): string | undefined => {
  const characters = [...trimmedKey(key)]
  const index = characters.findIndex((character) => /[^\t\x20-\x7e\x80-\xff]/.test(character))
  if (index < 0) return undefined
  const code = characters[index]?.codePointAt(0) ?? 0
  const name = namesOfCharacters[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, "0")}`
  return `no HTTP header can carry this key: its character ${index + 1} is ${name}`
}
