import { describe, expect, it } from "@effect/vitest"
import { compilePhrases, foldCase, type MatchOptions } from "../../src/domain/PhraseMatch.ts"
import { costMs } from "../support/cost.ts"
import { mixed } from "./arbitraries.ts"

const word: MatchOptions = { caseSensitive: false, match: "word" }
const finds = (phrase: string, text: string, options: MatchOptions = word): boolean =>
  compilePhrases([phrase], options)(text) === phrase

const yes: ReadonlyArray<readonly [rule: string, phrase: string, text: string]> = [
  ["a word alone", "bot", "bot"],
  ["among others", "bot", "hey bot, hi"],
  ["any case", "bot", "HEY BOT"],
  ["any case in the phrase", "BOT", "hey bot"],
  ["@name", "bot", "hi @bot!"],
  ["a phrase with @", "@bot", "hi @bot!"],
  ["possessive", "bot", "the bot's line"],
  ["possessive, curly", "bot", "the bot’s line"],
  ["punctuation on both sides", "bot", "(bot)…"],
  ["a hyphen is a boundary", "bot", "robot-bot-er"],
  ["a slash is a boundary", "bot", "me/bot"],
  ["an emoji is a boundary", "bot", "😀bot😀"],
  ["the second occurrence counts too", "bot", "robot bot"],
  ["a phrase of two words", "movie night", "is it movie night?"],
  ["blanks of any kind and number", "movie night", "movie \t\u00A0 night"],
  ["line breaks too", "movie night", "movie\nnight"],
  ["blanks around the phrase do not count", " bot ", "bot"],
  ["Cyrillic, any case", "привет", "ПРИВЕТ, бот"],
  ["Greek final sigma", "σίσυφος", "ΣΊΣΥΦΟΣ"],
  ["Greek final sigma inside the other", "ΟΔΟΣ", "οδοσ"],
  ["German sharp s", "straße", "STRASSE"],
  ["German sharp s, the other way", "STRASSE", "Straße"],
  ["German capital sharp s", "straße", "STRAẞE"],
  ["Turkish dotted I", "istanbul", "İSTANBUL"],
  ["Turkish dotted I in the phrase", "İstanbul", "istanbul"],
  ["Turkish dotless i", "ışık", "IŞIK"],
  ["composed and decomposed", "café", "cafe\u0301"],
  ["decomposed and composed", "cafe\u0301", "CAFÉ"],
  ["Hangul composed and decomposed", "한국", "한국".normalize("NFD")],
  ["fullwidth letters", "bot", "ｂｏｔ"],
  ["ligatures", "fish", "ﬁsh"],
  ["Arabic", "مرحبا", "مرحبا، كيف"],
  ["Hebrew", "שלום", "שלום!"],
  ["Devanagari", "नमस्ते", "नमस्ते दोस्त"],
  ["Korean as a word", "봇", "안녕 봇!"],
  ["Han needs no boundary", "电影", "我喜欢电影因为"],
  ["a name between Han", "bot", "你好bot吗"],
  ["Hiragana needs no boundary", "ねこ", "このねこは"],
  ["Katakana needs no boundary", "ボット", "このボットは"],
  ["halfwidth Katakana", "ボット", "ｺﾉﾎﾞｯﾄﾊ"],
  ["a name between Kana", "bot", "このbotは"],
  ["Thai needs no boundary", "หนัง", "ดูหนังกัน"],
  ["Thai with a mark at its end", "ที่", "อยู่ที่นี่"],
  ["Lao needs no boundary", "ຮູບ", "ເບິ່ງຮູບເງົາ"],
  ["Khmer needs no boundary", "កុន", "មើលកុនល្អ"],
  ["Myanmar needs no boundary", "ကား", "ရုပ်ရှင်ကားကြည့်"],
  ["a digit in the phrase", "r2d2", "hey R2D2!"],
  ["an emoji as phrase", "🍿", "pop🍿corn"],
  ["an emoji with its selector, letters beside it", "❤️", "i❤️you"],
  ["an emoji with and without its selector", "❤️", "❤"],
  ["an emoji without and with its selector", "❤", "❤️"],
  ["an emoji of several characters", "👩‍🚀", "hi👩‍🚀!"],
  ["invisible characters do not hide a word", "badword", "b\u200Badw\u00ADo\u200Drd"],
  ["a phrase that begins and ends with signs", "c++", "i write c++11"],
  ["a phrase with a hyphen", "my-bot", "hey my-bot!"],
  ["a phrase with signs", "r&b", "some R&B?"],
  ["a phrase with a hash", "c#", "C# it is"],
  ["a phrase with an exclamation mark", "yahoo!", "Yahoo!!"],
  ["a phrase of a sign", "?", "what?"],
  ["regex characters are text", "a.b*c", "A.B*C"],
  ["brackets are text", "[x](y)", "see [x](y)"],
  ["braces, pipe, caret, dollar, backslash are text", "{a}|^$\\", "{a}|^$\\"],
  ["a joiner inside a Persian word", "می‌خواهم", "من می‌خواهم."]
]

const no: ReadonlyArray<readonly [rule: string, phrase: string, text: string]> = [
  ["inside a word", "bot", "robot"],
  ["at a word's start", "bot", "bottle"],
  ["beside a digit", "bot", "bot2"],
  ["beside an underscore", "bot", "my_bot"],
  ["beside a mark", "cafe", "cafe\u0301"],
  ["beside a mark without composed form", "bot", "bot\u0308"],
  ["beside an accented letter", "bot", "botó"],
  ["beside a Cyrillic letter", "кот", "который"],
  ["beside Hangul: its words are spaced", "봇", "로봇"],
  ["beside Arabic", "مر", "مرحبا"],
  ["beside Devanagari's marks", "नमस्त", "नमस्ते"],
  ["an invisible character is no boundary", "bot", "ro\u200Bbot"],
  ["a phrase in another order", "movie night", "night movie"],
  ["a phrase joined", "movie night", "movienight"],
  ["a phrase that goes on", "movie night", "movie nights"],
  ["a dot is only a dot", "a.b", "axb"],
  ["a star is only a star", "ab*", "abbb"],
  ["nothing in nothing", "bot", ""]
]

describe("whole words", () => {
  it.each(yes)("found: %s (%s)", (_, phrase, text) => {
    expect(finds(phrase, text)).toBe(true)
  })
  it.each(no)("not found: %s (%s)", (_, phrase, text) => {
    expect(finds(phrase, text)).toBe(false)
  })

  it("names the phrase as it was written, the first in the text", () => {
    const match = compilePhrases(["Movie", "BOT", "movie night"], word)
    expect(match("a bot and a movie")).toBe("BOT")
    expect(match("a movie night with a bot")).toBe("movie night")
    expect(match("movie nights")).toBe("Movie")
  })

  it("phrases of nothing are never found", () => {
    expect(compilePhrases([], word)("text")).toBeUndefined()
    expect(compilePhrases(["", " ", "\u200B"], word)(" text \u200B ")).toBeUndefined()
  })
})

describe("options", () => {
  it.each(
    [
      ["substring: inside a word", "bot", "Robots", { caseSensitive: false, match: "substring" }, true],
      ["substring: case counts where asked", "bot", "ROBOTS", { caseSensitive: true, match: "substring" }, false],
      [
        "substring: a final sigma inside a word",
        "ΑΣ",
        "άσπρο ασπίδα",
        { caseSensitive: false, match: "substring" },
        true
      ],
      ["substring: regex characters are text", ".", "a", { caseSensitive: false, match: "substring" }, false],
      ["case counts where asked", "Bot", "bot", { caseSensitive: true, match: "word" }, false],
      ["and the same case is found", "Bot", "hi Bot!", { caseSensitive: true, match: "word" }, true],
      ["whole words with case", "Bot", "Bots", { caseSensitive: true, match: "word" }, false],
      ["composed and decomposed with case", "Café", "Cafe\u0301", { caseSensitive: true, match: "word" }, true]
    ] as const
  )("%s", (_, phrase, text, options, expected) => {
    expect(finds(phrase, text, options)).toBe(expected)
  })
})

describe("properties", () => {
  const phrases = mixed([
    "bot",
    "-",
    "a b",
    "(",
    "[",
    "]",
    "\\",
    "&&",
    "--",
    "!",
    "#",
    "ß",
    "İ",
    "ς",
    "ก",
    "漢",
    "\u0301",
    "\u200D",
    "^",
    "{",
    "/"
  ], 6)

  it.prop("any phrase compiles and finds itself, alone and between blanks", [phrases], ([phrase]) => {
    for (const match of ["word", "substring"] as const) {
      for (const caseSensitive of [true, false]) {
        const found = compilePhrases([phrase], { caseSensitive, match })
        const nothing = foldCase(phrase).trim() === ""
        expect(found(phrase)).toBe(nothing ? undefined : phrase)
        expect(found(`x ${phrase} x`)).toBe(nothing ? undefined : phrase)
      }
    }
  }, { arbitrary: { runs: 300 } })

  it.prop("folding twice is folding once", [phrases], ([text]) => {
    expect(foldCase(foldCase(text))).toBe(foldCase(text))
  }, { arbitrary: { runs: 300 } })
})

describe("cost", () => {
  // A look at the clock costs as much as a match.
  const costOf40 = (run: () => void): number =>
    costMs(() => {
      for (let round = 0; round < 40; round++) run()
    })

  it("1,000 keywords cost at most 50 times one", () => {
    const line = "the quick brown fox watches keyword films all night long ".repeat(9).slice(0, 500)
    const many = compilePhrases(Array.from({ length: 1_000 }, (_, n) => `${"kftw"[n % 4] ?? ""}eyword${n}`), word)
    const one = compilePhrases(["keyword0"], word)
    expect([many(line), one(line)]).toEqual([undefined, undefined])
    expect(costOf40(() => many(line)) / costOf40(() => one(line))).toBeLessThan(50)
  })

  it("a line made against the matcher costs no more than a line of the same length", () => {
    const match = compilePhrases(["aaaaaaaaab", "a a a a b", "aa", "b"], word)
    const plain = "some words of a line ".repeat(500).slice(0, 10_000)
    const usual = costOf40(() => match(plain))
    for (const piece of ["a", "a ", " ", "\u0301", "aaaaaaaaa ", "@"]) {
      expect(costOf40(() => match(piece.repeat(10_000 / piece.length))) / usual, piece).toBeLessThan(50)
    }
  })
})
