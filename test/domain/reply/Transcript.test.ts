import { describe, expect, it } from "@effect/vitest"
import { ownWords, speakersOf } from "../../../src/domain/reply/Transcript.ts"

const speakers = speakersOf(["MovieBot"], ["Ana", "Kelvin", "Ὀδυσσεύς", "straße"])

describe("an answer in the voice of others", () => {
  const rows: ReadonlyArray<readonly [answer: string, own: string]> = [
    ["it is 10:30: time to go :)", "it is 10:30: time to go :)"],
    ["MovieBot: hello", "hello"],
    ["[just now] hello", "hello"],
    ["hello\nANA: what?", "hello\n"],
    ["hello\n<ana> what?", "hello\n"],
    // Letters that only Unicode's case folding takes for the same.
    ["hello\n\u212Aelvin: what?", "hello\n"],
    ["hello\nὈΔΥΣΣΕΎΣ: what?", "hello\n"],
    ["hello\nſtraße: what?", "hello\n"],
    ["hello\nSTRAẞE: what?", "hello\n"],
    ["aſſiſtant: hello", "hello"],
    ["hello\nuser: what?", "hello\n"]
  ]
  it.each(rows)("%j ends where it does", (answer, own) => {
    expect(ownWords(answer, speakers)).toBe(own)
  })
})
