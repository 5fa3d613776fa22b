import { effectOfMark, isMark, mayHoldMark, templateMark } from "./TemplateMarks.ts"

// After the mark that begins a turn: the speaker.
const role =
  /^\s?(assistant|model|ai|bot|chatbot|answer|user|system|human|tool|developer|ipython|environment|think|function|observation)(?![\p{L}\p{N}_])(?:[^\S\n]*name=[^\n]*)?[^\S\n]*:?\n?/iu
const isBot = (speaker: string): boolean => /^(?:assistant|model|ai|bot|chatbot|answer)$/i.test(speaker)

// Channels (gpt-oss): only what is in the final one is said; names of others, and the header's rest, up to its message.
const bar = "[|｜]"
const channel = new RegExp(
  `(?:<?${bar}?channel${bar}>?|(?<=^)(?=(?:analysis|commentary|final)\\b[^<\\n]{0,80}<?${bar}message))\\s?([a-z]+)?[^<\\n]{0,100}(?:<${bar}constrain${bar}>\\s?\\w{0,20}\\s?)?(?:<?${bar}message${bar}>?|(?=\\s|$))`,
  "giu"
)
const hidden = /^(?:analysis|commentary|thought|thinking|reasoning|critic|think)$/i
// The same without marks: `analysisThe user …assistantfinalHello`.
const eatenChannels =
  /^(?:analysis|commentary)(?=[\p{Lu}"'(*])|assistant\s?(?:analysis|commentary|final)(?=[\p{L}"'(*])/u
const eatenFinal = /assistant\s?final(?=\S)/gu

/** The final channel of an answer in channels; undefined where there is none (yet). */
const finalChannel = (text: string): string => {
  const marks = [...text.matchAll(channel)]
  if (marks.length > 0) {
    const final = marks.find(([, name]) => name !== undefined && !hidden.test(name))
    return final === undefined ? "" : text.slice(final.index + final[0].length)
  }
  if (!eatenChannels.test(text)) return text
  const final = [...text.matchAll(eatenFinal)].at(-1)
  return final === undefined ? "" : text.slice(final.index + final[0].length)
}

const says = (text: string): boolean => /[^\s\p{C}]/u.test(text)

/** The first passage of the bot's own that says anything, without marks. */
const ownPassage = (text: string): string => {
  if (!mayHoldMark(text)) return text
  let output = ""
  let from = 0
  let silent = false
  let struck = false
  for (const match of text.matchAll(templateMark)) {
    // A role's name belongs to the mark before it.
    if (match.index < from || !isMark(match.groups ?? {})) continue
    if (!silent) output += text.slice(from, match.index)
    from = match.index + match[0].length
    // Kimi names the speaker in the mark and again after it.
    const again = /im_(assistant|user|system)/.exec(match[0])?.[1]
    if (again !== undefined && text.startsWith(again, from)) from += again.length
    const effect = effectOfMark(match.groups ?? {})
    const spoken = says(output)
    switch (effect) {
      case "end":
        if (spoken) return output
        silent = true
        break
      case "bot":
        if (spoken) return output
        silent = false
        break
      case "other":
        if (spoken) return output
        silent = true
        break
      case "role": {
        if (spoken) return output
        const roleMatch = role.exec(text.slice(from, from + 80))
        silent = roleMatch?.[1] !== undefined && !isBot(roleMatch[1])
        from += roleMatch?.[0].length ?? 0
        break
      }
      case "hush":
        silent = true
        break
      case "resume":
        silent = false
        break
      case "strike": {
        // `that is <s>bad</s> great` is HTML; a text that only ends so is a template's.
        const ends = match[0].includes("/")
        if (ends && !struck) {
          if (spoken) return output
          silent = true
        } else if (ends || spoken) {
          struck = !ends
          output += match[0]
        }
        break
      }
      case "none":
        break
    }
  }
  return silent ? output : output + text.slice(from)
}

const marks = [
  "<end_of_turn>",
  "<start_of_turn>",
  "<tool_call>",
  "<function_calls>",
  "[/INST]",
  "[TOOL_CALLS]",
  "<<SYS>>",
  "<think>",
  "</think>"
]
/** A mark that is truncated by the end of the text. */
const withoutBegunMark = (text: string): string => {
  const complete = text.replace(/<\/?(?:[a-z]{1,20}[:_])?(?:tool|function|invoke)[^<>]{0,300}$/iu, "").replace(
    /(?<=^|\s)(?:im_(?:end|start)|eot_id|end_of_turn)$/u,
    ""
  ).replace(
    /<\s?[|｜][\p{L}\p{N}_▁]{0,60}[|｜]?$/u,
    ""
  )
  const end = complete.lastIndexOf("<") > complete.lastIndexOf("[")
    ? complete.lastIndexOf("<")
    : complete.lastIndexOf("[")
  const rest = end < 0 ? "" : complete.slice(end)
  return rest.length >= 4 && marks.some((mark) => mark.startsWith(rest)) ? complete.slice(0, end) : complete
}

// Tool calls without marks: JSON with a name and arguments, and two older forms.
const bareCalls: ReadonlyArray<RegExp> = [
  /^(?:```\w{0,20}\s*)?\[?\s*\{\s*"(?:name|function|type|id|tool|tool_calls?|tool_name|action)"\s*:[^]{0,2000}?"(?:arguments|parameters|args|action_input|input)"\s*:/u,
  /^(?:```\w{0,20}\s*)?\{\s*"tool_calls?"\s*:/u,
  /^functools\s?\[\s*\{/u,
  /^```tool_c(?:ode|all)\b/u,
  /^\[[a-z]\w{1,60}\((?:\w{1,40}=[^]{0,500})?\)\]$/u
]
const reAct = /(?:^|\n)Action:[^\n]{1,200}\n\s{0,4}Action Input:/u

/** Removes a tool call without marks, and everything after it. */
const withoutBareCall = (text: string): string => {
  const trimmed = text.trimStart()
  if (bareCalls.some((call) => call.test(trimmed))) return ""
  const match = reAct.exec(text)
  return match === null ? text : text.slice(0, match.index)
}

/**
 * Takes out the control text of chat templates: what stands behind the end of the bot's turn, other speakers' turns,
 * calls of tools, all channels but the final one, and the marks themselves, whole or with their brackets eaten.
 */
export const withoutTemplate = (text: string): string =>
  withoutBareCall(withoutBegunMark(ownPassage(finalChannel(text.trimStart()))))
