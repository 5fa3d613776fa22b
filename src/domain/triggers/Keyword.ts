import { Schema } from "effect"
import { AtLeastOne, field, required, Text } from "../Field.ts"
import { compilePhrases, foldCase, type PhraseMatcher } from "../PhraseMatch.ts"
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

const matcherOf = (keywords: ReadonlyArray<string>, { case_sensitive, match }: KeywordEntry): PhraseMatcher =>
  compilePhrases(keywords, { caseSensitive: case_sensitive, match })

const catches = (earlier: KeywordEntry, keyword: string, later: KeywordEntry): boolean => {
  const comparable = earlier.match === later.match || earlier.match === "substring"
  const same = (one: string): boolean =>
    earlier.case_sensitive ? later.case_sensitive && one === keyword : foldCase(one) === foldCase(keyword)
  return comparable && earlier.keywords.some(same)
}

/** Fires when a line holds one of the words or phrases. */
export const keyword: TriggerType<KeywordEntry> = {
  on: "line",
  asked: false,
  compile: (entry) => matcherOf(entry.keywords, entry),
  covers: (earlier, later) => later.keywords.every((word) => catches(earlier, word, later)),
  lint: (entry) =>
    entry.keywords.flatMap((word, index) =>
      matcherOf([word], entry)(word) === undefined
        ? [{ field: ["keywords", index], message: "no message can match this keyword" }]
        : []
    )
}
