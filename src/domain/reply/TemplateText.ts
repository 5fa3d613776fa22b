import { effectOfMark, isMark, templateMark } from "./TemplateMarks.ts"

// Behind the mark that begins a turn: who speaks.
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
// The same with every mark eaten: `analysisThe user …assistantfinalHello`.
const eatenChannels =
  /^(?:analysis|commentary)(?=[\p{Lu}"'(*])|assistant\s?(?:analysis|commentary|final)(?=[\p{L}"'(*])/u
const eatenFinal = /assistant\s?final(?=\S)/gu

/** Of an answer in channels the part behind the beginning of the final one; nothing where there is none (yet). */
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
  let kept = ""
  let from = 0
  let silent = false
  let struck = false
  for (const found of text.matchAll(templateMark)) {
    // A role's name belongs to the mark before it.
    if (found.index < from || !isMark(found.groups ?? {})) continue
    if (!silent) kept += text.slice(from, found.index)
    from = found.index + found[0].length
    // Kimi names the speaker in the mark and again behind it.
    const again = /im_(assistant|user|system)/.exec(found[0])?.[1]
    if (again !== undefined && text.startsWith(again, from)) from += again.length
    const effect = effectOfMark(found.groups ?? {})
    const spoken = says(kept)
    switch (effect) {
      case "end":
        if (spoken) return kept
        silent = true
        break
      case "bot":
        if (spoken) return kept
        silent = false
        break
      case "other":
        if (spoken) return kept
        silent = true
        break
      case "role": {
        if (spoken) return kept
        const named = role.exec(text.slice(from, from + 80))
        silent = named?.[1] !== undefined && !isBot(named[1])
        from += named?.[0].length ?? 0
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
        const ends = found[0].includes("/")
        if (ends && !struck) {
          if (spoken) return kept
          silent = true
        } else if (ends || spoken) {
          struck = !ends
          kept += found[0]
        }
        break
      }
      case "none":
        break
    }
  }
  return silent ? kept : kept + text.slice(from)
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
/** A mark that the text's end cuts in two. */
const withoutBegunMark = (text: string): string => {
  const begun = text.replace(/<\/?(?:[a-z]{1,20}[:_])?(?:tool|function|invoke)[^<>]{0,300}$/iu, "").replace(
    /(?<=^|\s)(?:im_(?:end|start)|eot_id|end_of_turn)$/u,
    ""
  ).replace(
    /<\s?[|｜][\p{L}\p{N}_▁]{0,60}[|｜]?$/u,
    ""
  )
  const end = begun.lastIndexOf("<") > begun.lastIndexOf("[") ? begun.lastIndexOf("<") : begun.lastIndexOf("[")
  const rest = end < 0 ? "" : begun.slice(end)
  return rest.length >= 4 && marks.some((mark) => mark.startsWith(rest)) ? begun.slice(0, end) : begun
}

// Calls that are written without marks: as JSON with a name and arguments, and in two older forms.
const bareCalls: ReadonlyArray<RegExp> = [
  /^(?:```\w{0,20}\s*)?\[?\s*\{\s*"(?:name|function|type|id|tool|tool_calls?|tool_name|action)"\s*:[^]{0,2000}?"(?:arguments|parameters|args|action_input|input)"\s*:/u,
  /^(?:```\w{0,20}\s*)?\{\s*"tool_calls?"\s*:/u,
  /^functools\s?\[\s*\{/u,
  /^```tool_c(?:ode|all)\b/u,
  /^\[[a-z]\w{1,60}\((?:\w{1,40}=[^]{0,500})?\)\]$/u
]
const reAct = /(?:^|\n)Action:[^\n]{1,200}\n\s{0,4}Action Input:/u

/** A call of a tool without any mark is no line, nor is what stands behind it. */
const withoutBareCall = (text: string): string => {
  const trimmed = text.trimStart()
  if (bareCalls.some((call) => call.test(trimmed))) return ""
  const found = reAct.exec(text)
  return found === null ? text : text.slice(0, found.index)
}

/**
 * Takes out the control text of chat templates: what stands behind the end of the bot's turn, other speakers' turns,
 * calls of tools, all channels but the final one, and the marks themselves, whole or with their brackets eaten.
 */
export const withoutTemplate = (text: string): string =>
  withoutBareCall(withoutBegunMark(ownPassage(finalChannel(text.trimStart()))))
