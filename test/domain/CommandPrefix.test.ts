import { describe, expect, it } from "@effect/vitest"
import { compileCommandPrefixes, defaultCommandPrefixes } from "../../src/domain/CommandPrefix.ts"

const usual = compileCommandPrefixes(defaultCommandPrefixes)

const commands: ReadonlyArray<readonly [line: string, stripped: string]> = [
  ["!8ball will it rain", "8ball will it rain"],
  ["/8ball", "8ball"],
  ["!play Botto's film", "play Botto's film"],
  [".ask botto", "ask botto"],
  ["$help me", "help me"],
  ["#cmd x", "cmd x"],
  ["~cmd x", "cmd x"],
  ["\\cmd x", "cmd x"],
  ["+karma Ana", "karma Ana"],
  ["-play song", "play song"],
  ["--play song", "play song"],
  ["%cmd", "cmd"],
  ["?help", "help"],
  [";skip", "skip"],
  ["=calc 5", "calc 5"],
  ["&cmd", "cmd"],
  ["*cmd x", "cmd x"],
  ["^cmd x", "cmd x"],
  ["|cmd x", "cmd x"],
  ["-8ball hm", "8ball hm"],
  [".8ball hm", "8ball hm"],
  ["!1 film", "1 film"],
  ["！play x", "play x"],
  ["／kick x", "kick x"],
  ["＋karma", "karma"],
  ["－play", "play"],
  ["？help", "help"],
  ["；skip", "skip"],
  ["﹗play", "play"],
  ["\u200B\u2800!play", "play"],
  ["!выгнать", "выгнать"],
  ["!μήνυμα", "μήνυμα"],
  ["!طرد", "طرد"],
  ["!재생 영화", "재생 영화"],
  ["!再生", "再生"],
  ["!हिंदी", "हिंदी"],
  [".?kick Bob", "kick Bob"]
]

const others = [
  "play it",
  ">implying",
  ">>5 what",
  "...hm",
  "..well",
  "…hm",
  "-5 degrees outside",
  "-5°C now",
  "-5, really",
  "+1",
  "+1 to that",
  "$5 is cheap",
  "$5k at least",
  "$1.5M for that",
  "#1 film",
  "#1",
  "~20min left",
  ".5 is half",
  "=3",
  "- 5 it is",
  "－５度くらいかな",
  "^_^ nice",
  "^o^ nice",
  "^.^",
  "-_- why",
  "-w- sleepy",
  "*_* wow",
  "*o* wow",
  ";_; no",
  ";w; no",
  ";) sure",
  ";D sure",
  "=) fine",
  "=D fine",
  "~_~",
  "~(˘▾˘~) la",
  "|o| hm",
  "\\o/ yes",
  "/o\\ no",
  "\\m/",
  "¯\\_(ツ)_/¯",
  "!?",
  "!!!",
  "?",
  "<3 it",
  "@Ana hi",
  ":heart: hi",
  "(hm) ok",
  "¿qué tal?"
]

describe("the usual prefixes", () => {
  it.each(commands)("%s is a command", (line, stripped) => {
    expect(usual.isCommand(line)).toBe(true)
    expect(usual.strip(line)).toBe(stripped)
  })
  it.each(others)("%s is none", (line) => {
    expect(usual.isCommand(line)).toBe(false)
    expect(usual.strip(line)).toBe(line)
  })
  it("a row of signs is none, and is not sent before a word either", () => {
    for (const line of ["! / play", ".../kick Bob", "!!! botto", `${"&".repeat(300)}botto`]) {
      expect(usual.isCommand(line)).toBe(false)
      expect(usual.strip(line)).toMatch(/^\p{L}/u)
    }
  })
  it("what people do is no command", () => {
    expect(usual.isCommand("*waves at Botto* hi")).toBe(false)
    expect(usual.isCommand("~botto~ hi")).toBe(false)
  })
})

describe("configured prefixes", () => {
  const own = compileCommandPrefixes(["ms!", "::"])
  it("are those and the room's own", () => {
    expect(own.strip("ms!play it")).toBe("play it")
    expect(own.strip("MS!play it")).toBe("play it")
    expect(own.strip("::play it")).toBe("play it")
    expect(own.strip("/kick Bob")).toBe("kick Bob")
    expect(own.strip("!play it")).toBe("!play it")
    expect(own.strip("ms it is")).toBe("ms it is")
  })
  it("cost no more than the line is long", () => {
    const nested = compileCommandPrefixes(["!", "!!", "!!!"])
    expect(nested.strip(`${"!".repeat(100_000)} `)).toBe("!".repeat(100_000))
  })
})
