import { describe, expect, it } from "@effect/vitest"
import { fromMarkdown } from "mdast-util-from-markdown"
import { isPlain, plainText } from "../../../src/domain/reply/PlainText.ts"
import { mixed } from "../arbitraries.ts"

const settings = { strip_markdown: true, collapse_newlines: true }
const lettersOf = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, "")

// What a reader sees of markdown, and signs in any order; no HTML, link or language of a fence, which nobody sees.
const pieces = [
  ..."*_~`#>-+|\\()[]:;.!?^=<@&$",
  "**",
  "__",
  "~~",
  "```",
  "~~~",
  "\n",
  "\n\n",
  " ",
  "- ",
  "1. ",
  "> ",
  "word",
  "two words ",
  "Wörter",
  "слово",
  "λέξη",
  "كلمة",
  "מילה",
  "शब्द",
  "คำ",
  "ពាក្យ",
  "词语",
  "ことば",
  "단어",
  "ığı",
  "5",
  "2*3*4",
  "snake_case",
  "^_^",
  ":heart:"
]

describe("stripping markdown", () => {
  it.prop("never removes a letter or digit a reader would see", [mixed(pieces, 40)], ([answer]) => {
    // A single word behind a fence is its language.
    const text = answer.replace(/(`{3,}|~{3,}) *(?=\S)/gu, "$1\n").replace(/&(?=[#\w])/gu, "& ").replace(
      /<(?=\p{L})/gu,
      "< "
    )
    expect(lettersOf(plainText(text, settings))).toBe(lettersOf(text.normalize()))
  }, { arbitrary: { runs: 1_500 } })
})

describe("a text that reads as it stands", () => {
  const plain = [
    ..."#>+=~-|():;.!?^@$%'\"¯/5",
    "12. ",
    "3) ",
    "\t",
    "\u00a0",
    "&",
    "<",
    ":heart:",
    "word",
    "Wörter",
    "词语",
    " "
  ]
  it.prop("is one paragraph to the parser too", [mixed(plain, 12)], ([written]) => {
    const text = written.trim()
    if (text === "" || !isPlain(text)) return
    const { children } = fromMarkdown(text)
    expect(children.map(({ type }) => type)).toStrictEqual(["paragraph"])
    expect(children).toMatchObject([{ children: [{ type: "text", value: text }] }])
  }, { arbitrary: { runs: 3_000 } })
})

const lines = [
  "honestly the second one was better, fight me :P",
  "nah, 10/10 would watch again @Ana-2 <3",
  "lol that's what she said... *again*?".replaceAll("*", ""),
  "Ну это просто шедевр, я плакал как ребёнок :')",
  "Αυτή η σκηνή με σκότωσε, σοβαρά τώρα;",
  "هذا المشهد كان رائعا جدا، من كتبه؟",
  "הסוף היה קצת מוזר, לא?",
  "यह फिल्म सच में कमाल की थी!",
  "หนังเรื่องนี้สนุกมากจริงๆ 555",
  "រឿងនេះល្អមើលណាស់",
  "这部电影的结局真没想到，太绝了",
  "このシーン最高すぎるｗｗｗ",
  "와 진짜 소름 돋았어 ㅋㅋㅋ",
  "Bu film gerçekten çok iyiydi, ışıklar İstanbul'dan",
  "Donaudampfschifffahrtsgesellschaft, sag ich nur",
  "¿en serio? ¡no me lo creo!",
  "c'est génial, l'année 1999 quoi",
  "check foo_bar() in src/main.rs, Vec<T> it is"
]

describe("real-looking lines", () => {
  it.each(lines)("stay as they are: %s", (line) => expect(plainText(line, settings)).toBe(line))
})
