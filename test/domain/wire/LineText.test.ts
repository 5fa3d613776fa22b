import { describe, expect, it } from "@effect/vitest"
import { lineText, maxLineLength, roomHtml, trimmedText } from "../../../src/domain/wire/LineText.ts"
import { costMs } from "../../support/cost.ts"
import { invisibles, lineBreaks, mixed } from "../arbitraries.ts"

const rows: ReadonlyArray<readonly [rule: string, html: string, text: string]> = [
  ["plain text stays", "hello", "hello"],
  ["the entities CyTube writes", "&amp;&lt;&gt;&quot;&#39;&#40;&#41;", "&<>\"'()"],
  ["hexadecimal and named entities", "&#x1F600; &eacute;&nbsp;!", "😀 é\u00A0!"],
  ["entities are decoded once", "&amp;lt;b&amp;gt; &amp;amp;", "&lt;b&gt; &amp;"],
  ["a decoded tag is text", "&lt;b&gt;not bold&lt;/b&gt;", "<b>not bold</b>"],
  ["a lone ampersand stays", "fish & chips &; &x;", "fish & chips &; &x;"],
  ["an entity for half a character", "a&#xD83D;b", "a\uFFFDb"],
  ["tags are dropped", "<em>yes</em> <span class=\"spoiler\">no</span>", "yes no"],
  ["tags in upper case", "<EM>yes</EM>", "yes"],
  ["comments and declarations are tags", "a<!-- no -->b<!doctype html>c", "abc"],
  [
    "an anchor's text is kept",
    "<a href=\"https://x.test/?a=1&amp;b=2\" target=\"_blank\">https://x.test</a> ok",
    "https://x.test ok"
  ],
  ["a > inside a quoted value ends no tag", "<a title=\"a>b\" rel='c>d'>text</a>", "text"],
  ["< before a digit is text", "I <3 you", "I <3 you"],
  ["< before a blank or the end is text", "1 < 2, a <", "1 < 2, a <"],
  ["< before = and - is text", "a <= b <- c", "a <= b <- c"],
  ["an unclosed tag is text", "so <b it goes", "so <b it goes"],
  ["tags before an unclosed one are dropped", "<i>so</i> <b it goes", "so <b it goes"],
  ["an apostrophe in a tag opens no value", "<y and it's <b>bold</b>", "bold"],
  ["a value that is never closed ends with its tag", "<a href=\"x>text <i>more</i>", "text more"],
  ["the same mixed with text", "x <3 <em>y</em> <3", "x <3 y <3"],
  ["control characters go", "a\u0000\u0007b", "a b"],
  ["line breaks of every kind are blanks", "a\nb\r\nc\u0085d\u2028e\u2029f\vg\fh", "a b c d e f g h"],
  ["an entity for a line break", "a&#10;b", "a b"],
  ["ends are trimmed", " \n hi \t ", "hi"],
  ["nothing is left", "<img src=x> \n", ""],
  ["half a character", "a\uD83D", "a\uFFFD"]
]

describe("lineText", () => {
  it.each(rows)("%s", (_, html, text) => {
    expect(lineText(html)).toBe(text)
  })

  it("cuts after decoding: a line of entities is as long as it reads", () => {
    expect(lineText("&amp;".repeat(499))).toBe("&".repeat(499))
    expect(lineText("&quot;".repeat(600))).toBe("\"".repeat(maxLineLength))
  })

  it("never cuts a character in two", () => {
    expect(lineText("a".repeat(499) + "😀")).toBe("a".repeat(499))
    expect(lineText("a".repeat(498) + "😀b")).toBe("a".repeat(498) + "😀")
    expect(trimmedText("😀😀", 3)).toBe("😀")
  })

  const hostile = mixed([
    "<",
    ">",
    "<a ",
    "href=",
    "\"",
    "'",
    "=",
    "</",
    "<!--",
    "&",
    "amp;",
    "&#",
    ";",
    "😀",
    "\uD83D",
    ...lineBreaks,
    ...invisibles
  ])

  it.prop("whatever comes, it is well-formed, one line, bounded and without controls", [hostile], ([html]) => {
    const text = lineText(html)
    expect(text.length).toBeLessThanOrEqual(maxLineLength)
    expect(text.isWellFormed()).toBe(true)
    expect(text).not.toMatch(/[\p{Cc}\u2028\u2029]/u)
  }, { arbitrary: { runs: 300 } })

  it.prop("a text written as the room's HTML is read again as it was", [hostile], ([html]) => {
    const text = lineText(html)
    expect(lineText(roomHtml(text))).toBe(text)
  }, { arbitrary: { runs: 300 } })

  it("64 KiB of unfinished tags cost no more than a few times 64 KiB of text", () => {
    const cost = (html: string): number => costMs(() => void lineText(html))
    const of = (piece: string): string => piece.repeat(Math.floor(65_536 / piece.length))
    cost(of("warm <b>up</b>"))
    const plain = Math.max(1, cost(of("a <b>word</b> ")))
    for (const piece of ["<a ", "<a =\"", "<a =\"'", "<a ='\"> ", "<!--", "<a =  ", "&#", "<a x=\"y\" "]) {
      expect(cost(of(piece)) / plain, piece).toBeLessThan(50)
    }
  })
})
