import { AuthorizationError, type Status } from "@nats-io/transport-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { connectionState } from "../../../src/layers/nats/ConnectionState.ts"
import { makeReconnectPause } from "../../../src/layers/nats/ReconnectPause.ts"
import { eventually } from "../../support/eventually.ts"
import { LogLines } from "../../support/LogLines.ts"

const refused = (message: string): Status => ({ type: "error", error: new AuthorizationError(message) })
const away: Status = { type: "disconnect", server: "nats://there" }
const back: Status = { type: "reconnect", server: "nats://there" }

/** What the log says of what the client reports. */
const logged = (reports: ReadonlyArray<Status>) =>
  Effect.gen(function*() {
    // The last word is always that the connection is there.
    const status = async function*() {
      for (const report of [away, ...reports, back]) yield report
    }
    yield* connectionState({ status }, makeReconnectPause(() => 0))
    const all = LogLines.use(({ all }) => all)
    const lines = yield* eventually("the last line", all, (some) => some.at(-1)?.message === "NATS reconnected")
    return lines.map(({ message }) => message)
  }).pipe(Effect.scoped, Effect.provide(LogLines.layer))

const told = (message: string): string =>
  `NATS error; NATS refuses this user (${message}); check its credentials and docs/nats-permissions.md`

describe("a server that refuses the user again and again", () => {
  it.live("is told of once a reason, though the reasons take turns, and again after a connection", () =>
    Effect.gen(function*() {
      const [violation, timeout] = ["Authorization Violation", "Authentication Timeout"]
      const turns = Array.from({ length: 3 }, () => [refused(violation), refused(timeout)]).flat()
      assert.deepStrictEqual(yield* logged(turns), [
        "NATS disconnected",
        told(violation),
        told(timeout),
        "NATS reconnected"
      ])
      assert.deepStrictEqual(yield* logged([refused(violation), back, away, refused(violation)]), [
        "NATS disconnected",
        told(violation),
        "NATS reconnected",
        "NATS disconnected",
        told(violation),
        "NATS reconnected"
      ])
    }))
})
