const words = new Intl.Segmenter(undefined, { granularity: "word" })

/** The words of a text in any script, as readers of that script count them. */
export const wordsOf = (text: string): ReadonlyArray<string> =>
  [...words.segment(text)].flatMap(({ isWordLike, segment }) => isWordLike === true ? [segment] : [])
