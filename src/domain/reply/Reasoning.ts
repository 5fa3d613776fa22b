// Reasoning marks of models, in their common spellings.
// Every repetition is bounded, so that a text full of opening marks costs no more than any other.
const thought =
  "think(?:ing)?|thoughts?|reason(?:ing)?|analysis|scratchpad|reflection|inner_?(?:thoughts?|monologue)|chain_of_thought|cot"
const bar = "[|｜]"
const angled =
  `(?:<|＜|&lt;)\\s?${bar}?\\s?(/|end_(?:of_)?)?\\s?(?:(?:begin|start)_(?:of_)?)?(?:[a-z]{1,20}[:_])?(?:${thought})(?:_(?:begin|start|(end)))?(?![\\p{L}\\p{N}_])(?:[^<>＞&]{0,200}(?:>|＞|&gt;))`
const bracketed = "[\\[◁]\\s?(/)?\\s?(?:think(?:ing)?|reasoning)\\s?[\\]▷]"
// Without brackets, only where unambiguous.
const eaten = "(?<=^)(?:<think(?:ing)?>?|think(?:ing)?>)(?=\\s?\\n)|(<?/think(?:ing)?>?)(?![\\p{L}\\p{N}_])"
const families =
  `<${bar}channel>\\s?(?:thought|thinking|analysis)|(<channel${bar}>)|<${bar}inner_prefix${bar}>|(<${bar}inner_suffix${bar}>)|<details type="reasoning"[^<>]{0,200}>|(</details>)`
const mark = new RegExp(`${angled}|${bracketed}|${eaten}|${families}`, "giu")

// The groups of the mark match only in closing marks.
const endsThought = ([, ...ends]: RegExpExecArray): boolean => ends.some((end) => end !== undefined)

// A reasoning model whose opening mark is in its prompt, before its closing mark.
const opening = /^[\s"*]*(?:(?:ok(?:ay)?|alright|all right|hmm+|so|well|first|now|wait|right)[,.…]*\s+)*/iu
const aboutUser =
  /^(?:the|this) user(?:'s (?:message|question|asking|request|just|saying)| (?:is|was|wants?|asks?|asked|said|says|just|has|seems|mentions?|mentioned|wrote|likes?|might|probably|here|message|query|input|named|in the)\b)|^用户(?:在|说|问|想|的|发|只|要)/iu
const aboutTask =
  /^(?:we|i) (?:need|should|have|must|want|can|could|am|are|'ll)\b|^(?:let me|let's|let us) (?:think|see|figure|analy[sz]e|break|consider|start)|^(?:the|this) (?:question|message|chat|conversation|task|prompt|person)\b|^(?:i'm|i am|we're|we are) (?:being )?asked/iu

/** Whether an unmarked text begins like reasoning: more is read before it counts as an answer. */
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
  let answer = ""
  let from = 0
  let thinking = false
  for (const match of text.matchAll(mark)) {
    const ends = endsThought(match)
    if (ends && !thinking) {
      if (match[0] === "</details>") continue
      answer = ""
    }
    if (!ends && !thinking) answer += text.slice(from, match.index)
    // `<think/>` is a block with nothing in it.
    thinking = (!ends && !/\/\s?(?:>|＞|&gt;)$/.test(match[0])) || (thinking && !ends)
    from = match.index + match[0].length
  }
  const rest = thinking ? answer : answer + text.slice(from)
  return isThought(rest) ? "" : rest
}

/** Whether a text holds reasoning, marked or unmarked. */
export const holdsThinking = (text: string): boolean => text.search(mark) >= 0 || isThought(text)
