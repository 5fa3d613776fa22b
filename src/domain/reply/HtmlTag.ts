// The elements of HTML that models write; `object`, `data` and others are words of generics more often than tags.
const inlineNames =
  "a|abbr|acronym|b|bdi|bdo|big|center|cite|code|del|details|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|" +
  "strong|sub|summary|sup|time|tt|u|var|wbr|img|ruby|rb|rp|rt|picture|video|audio|source|iframe|script|style|title"
const blockNames =
  "article|aside|blockquote|body|br|caption|dd|div|dl|dt|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|li|" +
  "main|nav|ol|p|pre|section|table|tbody|td|tfoot|th|thead|tr|ul"
const voidNames = "br|hr|img|wbr|source"
const attribute =
  "[\\w:@.-]+\\s*=\\s*(?:\"[^\"<>]*\"|'[^'<>]*'|[^\\s\"'<>=]+)|hidden|open|controls|async|defer|reversed"
const tag = new RegExp(`^<(/?)(${inlineNames}|${blockNames})((?:\\s+(?:${attribute})){0,20})\\s*/?>$`, "iu")
const isVoid = new RegExp(`^(?:${voidNames})$`, "iu")
const isBlock = new RegExp(`^(?:${blockNames})$`, "iu")
const wordEnd = /[\p{L}\p{N}_]$/u

/** The surroundings of an angle text: what precedes it, and all that follows. */
export interface TagPlace {
  readonly before: string
  readonly after: string
}

/**
 * What a reader sees in place of `<…>` when it is a tag of HTML's own: nothing, or the break of a block. Absent when it
 * is text: `Vec<String>`, `a<b and c>d`. A beginning that touches a word and is never closed is a generic's (`Box<b>`).
 */
export const shownOfTag = (text: string, { after, before }: TagPlace): string | undefined => {
  if (text.startsWith("<!--")) return ""
  const [, slash, name = "", attributes] = tag.exec(text) ?? []
  if (name === "" || (slash === "/" && attributes !== "")) return undefined
  const closes = new RegExp(`</${name}\\s*>`, "iu")
  if (slash === "" && attributes === "" && wordEnd.test(before) && !isVoid.test(name) && !closes.test(after)) {
    return undefined
  }
  return isBlock.test(name) ? "\n" : ""
}
