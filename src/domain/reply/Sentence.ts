const sentences = new Intl.Segmenter(undefined, { granularity: "sentence" })

// "Dr. Smith", "J. Smith", "No. 5": the point ends no sentence. A text's end tells, and what comes after it.
const abbreviation = /(?:^|[\s(])(?:[Dd]r|[Mm]rs?|[Mm]s|[Pp]rof|[Ss]t|[Vv]s|[Jj]r|[Ss]r|e\.g|i\.e|z\.B|\p{Lu})\.\s?$/u
const numbered = /(?:^|[\s(])[Nn][or]\.\s?$/u
const goesOn = (before: string, after: string): boolean => {
  // Longer than any abbreviation, so that a text made of them costs no more than another.
  const end = before.slice(-16)
  return abbreviation.test(end) || (numbered.test(end) && /^\p{N}/u.test(after))
}

// Where a persona writes small letters a sentence still ends at its mark and a blank, but not behind what is shortened
// more often than not, an initial, the number of a list or a date, or dots in a row.
const anyEnd = /(?<=[^\s.!?][.!?]{1,3})\s+/gu
const shortened = new RegExp(
  "(?:^|[\\s(\"'“„«])(?:(?:" +
    "[dm]r|mrs|ms|prof|st|vs|jr|sr|etc|approx|dept|est|fig|figs|inc|ltd|co|corp|al|cf|ca|vol|ep|eps|feat|ft|gen|sgt|" +
    "capt|col|lt|rev|hon|mt|ave|blvd|tel|temp|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|nr|bzw|usw|evtl|ggf|inkl|" +
    "bspw|vgl|sog|zb|str|abs|mme|mlle|env|ex|sra|srta|ud|uds|av|pág|núm|örn|vb|sn|yy|т|п|др|г|ул|им|см|стр|руб|тыс|млн|κ|π|χ" +
    ")|(?:\\p{L}\\.){1,3}\\p{L}|[^\\P{L}iIяЯ]|\\d{1,2})\\.$",
  "iu"
)
const dots = /\.{2,}$/u
const endsHere = (before: string): boolean => {
  const end = before.slice(-16)
  return !dots.test(end) && !shortened.test(end)
}

/** Splits a segment at ends that the segmenter misses: those before a small letter. */
const withSmallStarts = (segment: string): ReadonlyArray<string> => {
  const parts: Array<string> = []
  let from = 0
  for (const { 0: blank, index } of segment.matchAll(anyEnd)) {
    const end = index + blank.length
    if (end === segment.length || !endsHere(segment.slice(from, index))) continue
    parts.push(segment.slice(from, end))
    from = end
  }
  return [...parts, segment.slice(from)]
}

/** The sentences of a text, blanks included (F7): joined they are the text. */
export const sentencesOf = (text: string): ReadonlyArray<string> => {
  const parts: Array<string> = []
  for (const part of [...sentences.segment(text)].flatMap(({ segment }) => withSmallStarts(segment))) {
    const last = parts.at(-1)
    if (last !== undefined && goesOn(last, part)) parts[parts.length - 1] = last + part
    else parts.push(part)
  }
  return parts
}
