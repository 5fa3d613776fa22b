// How models mark what they think aloud, in the spellings that are about.
// Every repetition is bounded, so that a text made of beginnings costs no more than any other.
const thought =
  "think(?:ing)?|thoughts?|reason(?:ing)?|analysis|scratchpad|reflection|inner_?(?:thoughts?|monologue)|chain_of_thought|cot"
const bar = "[|｜]"
const angled =
  `(?:<|＜|&lt;)\\s?${bar}?\\s?(/|end_(?:of_)?)?\\s?(?:(?:begin|start)_(?:of_)?)?(?:[a-z]{1,20}[:_])?(?:${thought})(?:_(?:begin|start|(end)))?(?![\\p{L}\\p{N}_])(?:[^<>＞&]{0,200}(?:>|＞|&gt;))`
const bracketed = "[\\[◁]\\s?(/)?\\s?(?:think(?:ing)?|reasoning)\\s?[\\]▷]"
// With brackets eaten, only where nothing else can be meant.
const eaten = "(?<=^)(?:<think(?:ing)?>?|think(?:ing)?>)(?=\\s?\\n)|(<?/think(?:ing)?>?)(?![\\p{L}\\p{N}_])"
const families =
  `<${bar}channel>\\s?(?:thought|thinking|analysis)|(<channel${bar}>)|<${bar}inner_prefix${bar}>|(<${bar}inner_suffix${bar}>)|<details type="reasoning"[^<>]{0,200}>|(</details>)`
const mark = new RegExp(`${angled}|${bracketed}|${eaten}|${families}`, "giu")

// The groups of the mark are what only an end has.
const endsThought = ([, ...ends]: RegExpExecArray): boolean => ends.some((end) => end !== undefined)

// A thinking model whose beginning mark stands in its prompt, before it has come to the end mark.
const opening = /^[\s"*]*(?:(?:ok(?:ay)?|alright|all right|hmm+|so|well|first|now|wait|right)[,.…]*\s+)*/iu
const aboutUser =
  /^(?:the|this) user(?:'s (?:message|question|asking|request|just|saying)| (?:is|was|wants?|asks?|asked|said|says|just|has|seems|mentions?|mentioned|wrote|likes?|might|probably|here|message|query|input|named|in the)\b)|^用户(?:在|说|问|想|的|发|只|要)/iu
const aboutTask =
  /^(?:we|i) (?:need|should|have|must|want|can|could|am|are|'ll)\b|^(?:let me|let's|let us) (?:think|see|figure|analy[sz]e|break|consider|start)|^(?:the|this) (?:question|message|chat|conversation|task|prompt|person)\b|^(?:i'm|i am|we're|we are) (?:being )?asked/iu

/** Whether a text without any mark begins as thinking does: more is read before it is taken for an answer. */
export const opensLikeThought = (text: string): boolean => {
  const start = text.slice(0, 300).replace(opening, "")
  return aboutUser.test(start) || aboutTask.test(start)
}

const isThought = (text: string): boolean => aboutUser.test(text.slice(0, 300).replace(opening, ""))

/**
 * Takes reasoning out: whole blocks, what precedes an end without its beginning, all after an unclosed beginning, and a
 * text that thinks about "the user" and never comes to an end.
 */
export const withoutReasoning = (text: string): string => {
  let kept = ""
  let from = 0
  let thinking = false
  for (const found of text.matchAll(mark)) {
    const ends = endsThought(found)
    if (ends && !thinking) {
      if (found[0] === "</details>") continue
      kept = ""
    }
    if (!ends && !thinking) kept += text.slice(from, found.index)
    // `<think/>` is a block with nothing in it.
    thinking = (!ends && !/\/\s?(?:>|＞|&gt;)$/.test(found[0])) || (thinking && !ends)
    from = found.index + found[0].length
  }
  const said = thinking ? kept : kept + text.slice(from)
  return isThought(said) ? "" : said
}

/** Whether a text says anything in the marks of reasoning, or in its manner. */
export const holdsThinking = (text: string): boolean => text.search(mark) >= 0 || isThought(text)
