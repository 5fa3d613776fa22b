import { describe, expect, it } from "@effect/vitest"
import { compileNames } from "../../../src/domain/triggers/NameMatch.ts"

const meant = compileNames(["HelperBot", "Botto", "ボット"])

const yes = [
  "@HelperBot hi",
  "helperbot, hi",
  "hey HelperBot!",
  "so, helperbot - what now",
  "- helperbot what now",
  "helperbot -- what now",
  "well helperbot-- what now",
  "HelperBot: hi",
  "HelperBot's film",
  "thanks helperbot.",
  "thanks helperbot... really",
  "helperbot. example",
  "\"helperbot\" (helperbot)",
  "Ana/helperbot what now",
  "hey@helperbot",
  "look https://example.org/x helperbot",
  "see helperbot.example, helperbot",
  "＠ＨｅｌｐｅｒＢｏｔ hi",
  "привет, Botto!",
  "γεια σου Botto;",
  "يا Botto ما رأيك؟",
  "בוטו Botto?",
  "Botto क्या हाल है",
  "你好Botto吗",
  "このボットは",
  "ถามBottoหน่อย",
  "សួរBottoមើល",
  "안녕 Botto!",
  "Botto'nun filmi",
  "12:30 botto: hi"
]

const no = [
  "@HelperBot-2 hi",
  "@HelperBot2 hi",
  "HelperBot_2",
  "my-helperbot",
  "my_helperbot",
  "x-HelperBot-y",
  "helperbot‑2",
  "helperbot-like",
  "helperbot.example/wiki",
  "helperbot.example",
  "www.helperbot.com",
  "wiki.helperbot.example",
  "http://helperbot.example",
  "https://example.org/helperbot?x=helperbot#helperbot",
  "ftp://helperbot",
  "HTTPS://EXAMPLE.ORG/HelperBot",
  "x@helperbot.example",
  "helperbot@example.org",
  "@helperbot@social.example",
  "mail helperbot+x@example.org now",
  "discord.gg/helperbot",
  "youtu.be/helperbot",
  "reddit.com/u/helperbot",
  "/r/helperbot and u/helperbot",
  "helperbot.js",
  ":helperbot: nice",
  ":helperbot_wave:",
  "helperbots"
]

describe("a name of the room", () => {
  it.each(yes)("is meant: %s", (line) => expect(meant(line)).toBeDefined())
  it.each(no)("is not meant: %s", (line) => expect(meant(line)).toBeUndefined())
})
