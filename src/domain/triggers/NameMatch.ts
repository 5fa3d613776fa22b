import { compilePhrases, type PhraseMatcher } from "../PhraseMatch.ts"

// What holds a name and means another thing: links, addresses, hosts (`bot.example`), subreddits, emotes.
const links = "\\p{L}[\\p{L}\\d+.-]{1,30}:/{2}\\S*|(?<!\\S)www\\.\\S*|(?<!\\S)/?[ru]/[\\w-]+"
const label = "[\\p{L}\\p{N}_]+(?:-+[\\p{L}\\p{N}_]+)*"
const address = `(?:[\\p{L}\\p{N}._%+-]*@)?(?<![\\p{L}\\p{N}_.-])${label}(?:\\.${label})+(?:[/:?#]\\S*)?`
const emote = "(?<![\\p{L}\\p{N}]):[\\p{L}\\p{N}_+-]+:(?![\\p{L}\\p{N}])"
const otherThings = new RegExp(`${links}|${address}|${emote}`, "giu")

/** Compiles someone's names into a matcher that finds them where the person is meant (F3, mention). */
export const compileNames = (names: ReadonlyArray<string>): PhraseMatcher => {
  const matchName = compilePhrases(names, { caseSensitive: false, match: "name" })
  return (text) => matchName(text) === undefined ? undefined : matchName(text.replace(otherThings, " "))
}
