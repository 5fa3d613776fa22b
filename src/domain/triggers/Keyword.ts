import { Schema } from "effect"
import { AtLeastOne, field, required, Text } from "../Field.ts"
import { compilePhrases, foldCase, isBlank } from "../PhraseMatch.ts"
import { commonFields, type TriggerType } from "./TriggerType.ts"

/** One of the words or phrases. */
export const KeywordEntry = Schema.Struct({
  type: required(Schema.Literal("keyword"), "one of the words or phrases"),
  ...commonFields,
  keywords: required(AtLeastOne(Text), "words or phrases that fire the trigger"),
  case_sensitive: field(Schema.Boolean, false, "true: upper and lower case differ"),
  match: field(Schema.Literals(["word", "substring"]), "word", "whole words, or anywhere in the text")
})
type KeywordEntry = typeof KeywordEntry.Type

const covers = (earlier: KeywordEntry, later: KeywordEntry): boolean => {
  const comparable = earlier.match === later.match || earlier.match === "substring"
  if (!comparable || (earlier.case_sensitive && !later.case_sensitive)) return false
  const form = earlier.case_sensitive ? (word: string) => word : foldCase
  const caught = new Set(earlier.keywords.map(form))
  return later.keywords.every((word) => caught.has(form(word)))
}

/** Fires when a line holds one of the words or phrases. */
export const keyword: TriggerType<KeywordEntry> = {
  on: "line",
  asked: false,
  compile: ({ case_sensitive, keywords, match }) => compilePhrases(keywords, { caseSensitive: case_sensitive, match }),
  covers,
  lint: (entry) =>
    entry.keywords.flatMap((word, index) =>
      isBlank(word)
        ? [{ field: ["keywords", index], message: "no message can match this keyword" }]
        : []
    )
}
