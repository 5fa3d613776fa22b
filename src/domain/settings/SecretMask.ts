const secretName = String.raw`(?<![\w-])(?:[\w-]*(?:api_?key|passw(?:or)?d|token|secret|creds(?:_file)?)|user)`
const variable = String.raw`\$\{[A-Za-z_]\w*\}`
const secretKey = new RegExp(`^${secretName}$`, "i")
const onlyVariable = new RegExp(`^${variable}$`)
// To the end of the line: the end of a value is unknown in a file that cannot be parsed.
const secretValue = new RegExp(`(${secretName}["']?\\s*:\\s*)(?!["']?${variable}["']?\\s*(?:[,}#]|$))(\\S.*)`, "gi")
// The value may continue on the next lines.
const beginsSecret = new RegExp(`^[\\s-]*["']?${secretName}["']?\\s*:|${secretName}["']?\\s*:\\s*$`, "i")
const queryValue = /(?<=:\/\/[^\s"']*[?&][\w.-]+=)[^&#\s"']+/g
const userInAddress = /(?<=:\/\/)[^@/\s]+(?=@)/g

/** As long as what it hides: what follows keeps its column. */
const stars = (text: string): string => text.replace(/\S/g, "*")

/** A URL without its credentials and its query: some servers take their keys there. */
export const maskAddress = (address: string): string => address.replace(userInAddress, stars).replace(queryValue, stars)

/** Whether a field's value is a secret, by its name; mistyped and unknown fields count by theirs (N4). */
export const isSecretName = (name: PropertyKey): boolean => typeof name === "string" && secretKey.test(name)

/** Whether a text is a variable and nothing else. */
export const isVariable = (text: string): boolean => onlyVariable.test(text)

/** The text with the spans hidden, as long as before. */
export const maskSpans = (text: string, spans: ReadonlyArray<readonly [from: number, to: number]>): string =>
  spans.reduce((masked, [from, to]) => masked.slice(0, from) + stars(masked.slice(from, to)) + masked.slice(to), text)

/** A line, or the name of a field, with everything that looks like a secret masked. */
export const maskLine = (line: string): string =>
  line
    .replace(secretValue, (_, name: string, value: string) => name + stars(value))
    .replace(userInAddress, stars)

const indentOf = (line: string): number => line.search(/[^\s-]|$/)

/** The lines of a text, masked; lines that go on with a secret are hidden altogether. */
export const maskLines = (text: string): ReadonlyArray<string> => {
  // What stands further in than this belongs to the secret.
  let secretIndent = Number.POSITIVE_INFINITY
  return text.split(/\r?\n/).map((line) => {
    const indent = indentOf(line)
    if (line.trim() === "" || indent > secretIndent) return stars(line)
    secretIndent = beginsSecret.test(line) ? indent : Number.POSITIVE_INFINITY
    return maskLine(line)
  })
}
