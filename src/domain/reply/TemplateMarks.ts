/**
 * What a mark of a chat template does: `end` ends the bot's turn; `role` begins a turn, whose speaker is named behind
 * it; `bot` begins the bot's; `other` begins another speaker's; `hush` begins what is for programs, `resume` ends that;
 * `strike` is HTML's or a template's; `none` only stands there.
 */
export type MarkEffect = "end" | "role" | "bot" | "other" | "hush" | "resume" | "strike" | "none"

// Names of two words and more are nobody's text, so one bracket or bar of the mark's is enough to know it by.
const longNames =
  "im_(?:start|end|sep|middle|user|assistant|system)|(?:start|end|begin)_of_(?:turn|role|text|sentence|utterance)(?:_token)?|(?:start|end)_header_id|header_(?:start|end)|e(?:ot|om)_id|python_tag|tool_calls?(?:_section)?(?:_(?:begin|start|end))?|assistant_(?:start|end)|(?:user|chatbot|bos|eos)_token|endoftext|startoftext|endofturn"
const shortNames = "user|assistant|system|end|return|message|channel|eot|turn"

const bar = "[|｜]"
const word = "[\\p{L}\\p{N}_▁]"
// A name between bars is always a template's mark.
const barred = `<\\s?/?\\s?${bar}\\s?(?<barred>/?[\\p{L}\\p{N}][^<>|｜\\n]{0,60}?)\\s?${bar}\\s?>`
const halfBarred = `<${bar}(?<opening>/?\\p{L}${word}{0,40})>|<(?<closing>/?\\p{L}${word}{0,40})${bar}>`
const eaten =
  `(?:<${bar}?|${bar})/?(?<long1>${longNames})(?!${word})(?:${bar}?>|${bar})?|(?<!${word})(?<long2>${longNames})(?:${bar}>?|>)|<${bar}(?<short1>${shortNames})(?!${word})|${bar}?(?<!${word})(?<short2>${shortNames})${bar}>`
const squareBarred = `\\[${bar}(?<square>\\p{L}${word}{0,40})${bar}\\]`
const angled =
  "<(?<angled>/?(?:(?:seed:)?[be]os|eo[adht]|s|pad|unk|sop|role|beginning_of_sentence)|extra_id_\\d+|special_\\d+|reserved_\\d+|unused_?\\d+|\\[(?:begin|end)▁of▁sentence\\])>"
const bracketed =
  "\\[(?<bracketed>/?(?:SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|TOOL_CALLS?|TOOL_CONTENT|TOOL_REQUEST|END_TOOL_REQUEST|ARGS|CALL_ID)|gMASK|BOS|EOS|EOT)\\]"
const llama = "(?<inst>\\[/?INST(?!\\p{L})\\]?|/?(?<!\\p{L})INST\\])|(?<sys><{1,2}/?SYS>{1,2}|(?<!\\p{L})SYS>>)"
const minimax = "(?<minimax>\\]~!b\\[|\\]~b\\]|\\[e~\\[)"
const toolTag =
  `<(?<tool>/?)(?:${bar}DSML${bar})?(?:[a-z]{1,20}[:_])?(?:tool_?calls?|tools|tool_use|tool_code|tool_(?:response|result|output)s?|function_?calls?|function(?:=[^<>]{1,80})?|invoke)(?:\\s[^<>]{0,200})?>`
const heading =
  "#{2,4}[ \\t]{0,4}(?<heading>human|user|instruction|input|system|question|assistant|response|answer|output|bot)[ \\t]{0,4}(?::|(?=\\n))"
const capitals = `(?<=^|\\s|>)(?:GPT4 Correct )?(?<capitals>USER|HUMAN|ASSISTANT):`
const lineStart = "(?<=^|\\n)(?:GPT4 Correct )?(?<speaker>User|Human|Assistant):"
const bare =
  "(?<=\\n)(?<bare1>assistant|user|model|system)(?=\\s?\\n)|(?<=[.!?…)\"'])(?<bare2>assistant|user|model|system)(?=\\s?(?:\\n|$))|(?<=^)(?<bare3>assistant|model)(?=\\n)"

/** Every mark of a chat template that is about, in one text. */
export const templateMark = new RegExp(
  [
    barred,
    halfBarred,
    eaten,
    squareBarred,
    angled,
    toolTag,
    heading,
    bracketed,
    llama,
    minimax,
    lineStart,
    capitals,
    bare
  ]
    .join("|"),
  "giu"
)

// A sign of one of them, or a role's name at a place where one stands without any.
const markSign = /[<>|｜[\]#\n]|(?:user|human|assistant):|[.!?…)"'](?:assistant|user|model|system)\s?$/iu

/** Whether a text may hold a mark; most answers hold none, and looking for all of them is slow. */
export const mayHoldMark = (text: string): boolean => markSign.test(text)

const isUpper = (text = ""): boolean => text === text.toUpperCase()
/** Whether what was found is written as templates write it: words that people write too are marks in one case only. */
export const isMark = (
  { bare1, bare2, bare3, bracketed, capitals, inst, speaker, sys }: Readonly<Record<string, string | undefined>>
): boolean =>
  [bracketed?.replace("gMASK", ""), capitals, inst, sys].every(isUpper) &&
  (speaker === undefined || /^[A-Z]/.test(speaker)) &&
  [bare1, bare2, bare3].every((word = "") => word === word.toLowerCase())

const bots =
  /^(?:begin_of_|start_of_)?(?:im_|hy_)?(?:assistant|model|bot|chatbot|ai|answer|response|output)(?:_token|_start)?$/
const others = /user|human|system|developer|observation|environment|ipython|instruction|input|question|prompt/
const tools = /tool|function|plugin|action|python_tag|invoke|^args$|call_id/
const roles =
  /^(?:im_start|(?:start|begin)_of_(?:turn|role)(?:_token)?|start_header_id|header_start|start|turn|bom|role|beginning_of_sentence|extra_id_1)$/
const ends =
  /^(?:end|return|call|stop|flush|separator|eos|eo[a-z](?:_id)?|im_end|turn_end|message_end|role_end|endoftext|endofturn|[\w]+_end|end_.+|eos_token)$/
const notEnds = /header|box|image|role$|think|sop/

/** What a mark does, by its name. */
const effectOf = (name: string, closing = false): MarkEffect => {
  const key = name.toLowerCase().replace(/^\//, "").replace(/[▁\s-]+/g, "_").replace(/^\[|\]$|^seed:/g, "")
  const closes = closing || name.startsWith("/")
  if (tools.test(key)) return closes || /(?:^|_)end(?:_|$)/.test(key) ? "resume" : "hush"
  if (bots.test(key)) return closes ? "none" : "bot"
  if (key === "s") return "strike"
  if (ends.test(key) && !notEnds.test(key)) return "end"
  if (closing && roles.test(key)) return "end"
  if (roles.test(key)) return closes ? "none" : "role"
  return others.test(key) && !closes ? "other" : "none"
}

/** What a mark that was found does. */
export const effectOfMark = (groups: Readonly<Record<string, string | undefined>>): MarkEffect => {
  const { bracketed, closing, inst, minimax, sys, tool } = groups
  if (tool !== undefined) return tool === "/" ? "resume" : "hush"
  if (inst !== undefined) return inst.includes("/") ? "bot" : "other"
  if (sys !== undefined) return "other"
  if (minimax !== undefined) return minimax === "[e~[" ? "end" : minimax === "]~b]" ? "role" : "none"
  if (closing !== undefined) return effectOf(closing, true)
  const name = bracketed ?? Object.values(groups).find((group) => group !== undefined && group !== "")
  return name === undefined ? "none" : effectOf(name)
}
