import { assert, describe, it } from "@effect/vitest"
import type { ChatMsg } from "../../../src/domain/ChatEvent.ts"
import { EventKey, userKey, Username } from "../../../src/domain/Ids.ts"
import { screen, type ScreeningFacts } from "../../../src/domain/triggers/Screening.ts"

const line = (username: string): ChatMsg => ({
  _tag: "ChatMsg",
  username: Username.make(username),
  rank: undefined,
  text: "MovieBot, hello",
  time: 1_000_000,
  sentAt: 1_000_000,
  key: EventKey.make(1),
  shadow: false
})

const facts: ScreeningFacts = {
  bot: { key: userKey("MovieBot"), ignored: new Set(), isForAnotherBot: () => false },
  duplicate: false,
  arrivedAt: 1_000_000,
  listeningMs: 60_000,
  maxEventAgeSeconds: 60
}

describe("a name that no account can have", () => {
  it.each(["[server]", "[voteskip]", "[Server]", "[ announcement ]", " [mod] ", "［server］"])(
    "%s is the server's",
    (name) => {
      const screened = screen(line(name), facts)
      assert.deepInclude(screened, { reason: "server_line", context: false })
    }
  )

  it.each(["Ana", "server", "[Ana", "Ana]", "A[n]a", "x_[bot]_x"])("%s is a person's", (name) => {
    assert.isUndefined(screen(line(name), facts))
  })
})
