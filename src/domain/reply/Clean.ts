import { ownWords, type Speakers } from "./Transcript.ts"
import { withoutReasoning } from "./Reasoning.ts"
import { withoutTemplate } from "./TemplateText.ts"

const breaks = /\r\n?|[\v\f\u0085\u2028\u2029]/g
// Controls other than line breaks, and what reorders or hides text. Joiners, variation selectors and the tags of flags
// stay: emoji and scripts need them.
const unseen = /[[\p{Cc}\p{DI}\u2800]--[\n\t\u200C\u200D\p{VS}\u{E0020}-\u{E007F}]]/gv

const quotes: ReadonlyArray<readonly [string, string]> = [
  ["\"", "\""],
  ["“", "”"],
  ["„", "“"],
  ["„", "”"],
  ["«", "»"],
  ["»", "«"],
  ["「", "」"],
  ["『", "』"],
  ["'", "'"],
  ["‘", "’"]
]

/** Takes off quotes around the whole text, unless they are used inside it too. */
const unquoted = (text: string): string => {
  const pair = quotes.find(([open, close]) => text.length > 1 && text.startsWith(open) && text.endsWith(close))
  if (pair === undefined) return text
  const inner = text.slice(pair[0].length, -pair[1].length)
  return inner.includes(pair[0]) || inner.includes(pair[1]) ? text : inner.trim()
}

// What a tokenizer writes for a line break and a blank, where its server leaves them.
const breakBytes = /<0x0[AD]>/g
const blankMark = /▁(?=[\p{L}\p{N}])(?![^<>]{0,60}[|｜])/gu

const answerTags = /<(answer|final_answer|response|final|assistant)>([^]*?)(?:<\/\1>|$)/i

/** The answer without reasoning, template text and an enclosing tag. */
const ownText = (text: string): string => {
  const own = withoutTemplate(withoutReasoning(text.trimStart()))
  const tagged = answerTags.exec(own)
  return tagged === null || (tagged.index > 0 && !own.includes(`</${tagged[1] ?? ""}>`)) ? own : tagged[2] ?? ""
}

/** Step 1: removes what a model writes around its answer, and all lines it writes for others (F7). */
export const clean = (text: string, speakers: Speakers): string => {
  let before: string
  let after = ownText(
    text.toWellFormed().replace(breakBytes, "\n").replace(blankMark, " ").replace(breaks, "\n").replace(unseen, "")
  ).trim()
  do {
    before = after
    after = unquoted(ownWords(before, speakers).trim())
  } while (after !== before)
  return after
}
