// How models mark what they think aloud, in the spellings that are about; group 1 or 2 tells an end from a beginning.
// Every repetition is bounded, so that a text made of beginnings costs no more than any other.
const thought = "think(?:ing)?|thoughts?|reason(?:ing)?|analysis|scratchpad|reflection"
const angled = `<\\s?\\|?\\s?(/|end_of_)?\\s?(?:begin_of_)?(?:[a-z]{1,20}:)?(?:${thought})\\b[^<>]{0,200}>`
const bracketed = "[\\[◁]\\s?(/)?\\s?think(?:ing)?\\s?[\\]▷]"
const mark = new RegExp(`${angled}|${bracketed}`, "giu")

/** Takes reasoning out: whole blocks, what precedes an end without its beginning, all after an unclosed beginning. */
export const withoutReasoning = (text: string): string => {
  let kept = ""
  let from = 0
  let thinking = false
  for (const found of text.matchAll(mark)) {
    const ends = found[1] !== undefined || found[2] !== undefined
    if (ends && !thinking) kept = ""
    if (!ends && !thinking) kept += text.slice(from, found.index)
    // `<think/>` is a block with nothing in it.
    thinking = !ends && !found[0].endsWith("/>") || thinking && !ends
    from = found.index + found[0].length
  }
  return thinking ? kept : kept + text.slice(from)
}

/** Whether a text says anything in the marks of reasoning. */
export const holdsThinking = (text: string): boolean => text.search(mark) >= 0
