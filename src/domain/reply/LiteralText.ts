import { shownOfTag } from "./HtmlTag.ts"

// What chat writes with the signs of markdown and HTML and means as it stands. The first alternative that fits wins.
const code = "(?<code>(?<ticks>`+)(?!`)[^]*?(?<!`)\\k<ticks>(?!`))"
const shrug = "¯\\\\{1,3}_(?<shrug>[(（][^()（）\\s]{1,8}[)）])\\\\?_/¯"
const arms = "(?<![^\\s])\\\\[^\\s\\\\/]{1,12}/(?!\\S)"
const mention = "@[\\p{L}\\p{N}_-]*[\\p{L}\\p{N}]_*"
const link = "(?<!\\]\\(|[\\p{L}\\d])\\p{L}[\\p{L}\\d+.-]{1,20}:/{2}[^\\s<>()\\[\\]*`\"']+"
const discordEmote = "<a?:\\w{1,64}:\\d{1,24}>"
const emote = ":[\\p{L}\\p{N}_+-]{1,64}:"
// Eyes, mouth, eyes: `^_^`, `>_<`, `-_-`, `*o*`, `._.`; and what stands in brackets without a word: `(*^_^*)`, `(´・ω・`)`.
const eyes =
  "(?<![\\p{L}\\p{N}])(?!\\*{3}|-{3}|~{3}|\\.{2})(?<eye>[\\^><=~*@;:.,'\"$+|¬°-])(?:_{1,5}|[.*^o0Owvu-])(?:\\k<eye>|(?<=<.{1,5})>|(?<=>.{1,5})<)" +
  "(?![\\p{L}\\p{N}])"
const bracketed = "[(（](?![^()（）\\s]*[\\p{L}\\p{N}]{2})(?=[^()（）\\s]*[_*`^~])[^()（）\\s]{2,16}[)）]"
const builtIns =
  "init|new|del|repr|str|bytes|format|hash|bool|call|name|main|file|doc|dict|all|version|author|class|module|" +
  "slots|iter|next|enter|exit|len|contains|getitem|setitem|delitem|getattr|setattr|delattr|getattribute|eq|ne|lt|le|gt|ge|" +
  "add|sub|mul|truediv|floordiv|mod|pow|and|or|xor|invert|neg|pos|abs|int|float|index|round|copy|deepcopy|import|future|" +
  "annotations|builtins|debug|path|package|loader|spec|proto|typename|schema|construct|destruct|get|set|isset|unset|" +
  "toString|invoke|clone|FILE|LINE|DIR|CLASS|FUNCTION|METHOD|NAMESPACE|func|attribute|aiter|anext|await|init_subclass|" +
  "post_init|missing|reversed|set_name|sizeof|reduce|getstate|setstate|subclasshook|mro|bases|qualname|self|wrapped"
const identifier =
  `(?<![\\p{L}\\p{N}_])__(?:(?:${builtIns})__|[\\p{L}\\p{N}_]+?__(?=\\()|(?<=\\.__)[\\p{L}\\p{N}_]+?__)(?![\\p{L}\\p{N}_])`
const angled = "(?<angled><!--[^]*?-->|</?\\p{L}[^<>]*>)"
const own = "[\\u{F0000}-\\u{FFFFD}]"
const literal = new RegExp(
  [code, shrug, arms, link, discordEmote, emote, eyes, bracketed, mention, identifier, angled, own].join("|"),
  "gu"
)
// Each line's: a quotation to markdown, greentext to the room.
const greentext = /^(?:>[^\S\n]?)+/gmu
const autolink = /^<(?:\p{L}[\p{L}\d+.-]{1,20}:\S*|[^\s@<>]+@[^\s@<>]+)>$/u
const placeholder = /[\u{F0000}-\u{FFFFD}]/gu
const firstPlaceholder = 0xF0000
const most = 0xFFFFD - firstPlaceholder

/** A text with its literal parts replaced by placeholders, so that markdown can be parsed. */
export interface WithoutLiterals {
  readonly text: string
  /** Restores the parts. */
  readonly restore: (text: string) => string
}

/** What is taken out: in an answer as it came tags go; in what was read once, what looks like one is text. */
export type AngleText = "tags" | "text"

/** A literal part to keep unchanged, or the text a reader sees in its place. */
const readOf = (found: RegExpExecArray, angles: AngleText): { readonly keep: string } | { readonly show: string } => {
  const [match] = found
  const { angled, code: quoted, shrug: face } = found.groups ?? {}
  if (quoted !== undefined) return { show: match }
  if (face !== undefined) return { keep: `¯\\_${face}_/¯` }
  if (angled === undefined) return { keep: match }
  if (autolink.test(match)) return { keep: match.slice(1, -1) }
  const { index, input } = found
  const place = { before: input.slice(Math.max(0, index - 2), index), after: input.slice(index + match.length) }
  const visible = angles === "tags" ? shownOfTag(match, place) : undefined
  return visible === undefined ? { keep: match } : { show: visible }
}

/** Takes emotes, faces, names, identifiers, code's angle text and greentext signs out of a text. */
export const withoutLiterals = (text: string, angles: AngleText): WithoutLiterals => {
  const parts: Array<string> = []
  const keep = (part: string): string => {
    if (parts.length > most) return part
    parts.push(part)
    return String.fromCodePoint(firstPlaceholder + parts.length - 1)
  }
  let output = ""
  let from = 0
  for (const found of text.matchAll(literal)) {
    const read = readOf(found, angles)
    output += text.slice(from, found.index) + ("show" in read ? read.show : keep(read.keep))
    from = found.index + found[0].length
  }
  output += text.slice(from)
  // Entities are decoded once.
  if (angles === "text") output = output.replace(/&/gu, keep)
  output = output.replace(greentext, (signs) => keep(signs.replace(/\s/gu, "")))
  const partOf = (one: string): string => parts[(one.codePointAt(0) ?? 0) - firstPlaceholder] ?? ""
  return { text: output, restore: (plain) => plain.replace(placeholder, partOf) }
}
