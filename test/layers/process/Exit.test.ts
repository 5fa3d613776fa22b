import { assert, describe, it } from "@effect/vitest"
import { Exit } from "effect"
import { teardown, UsageError } from "../../../src/layers/process/Exit.ts"
import { exitCodes } from "../../../src/layers/process/ExitCodes.ts"
import { NatsError } from "../../../src/services/Nats.ts"

const codeOf = (exit: Exit.Exit<unknown, unknown>): number | undefined => {
  let code: number | undefined
  teardown(exit, (given) => {
    code = given
  })
  return code
}

describe("the exit code", () => {
  const fields = { field: "creds_file", subject: "a.b", detail: "connection refused" } as const

  for (const Failure of NatsError.members) {
    const error = new Failure(fields)
    it(`of ${error._tag} is that of NATS`, () => assert.strictEqual(codeOf(Exit.fail(error)), exitCodes.nats))
  }

  it("is 1 for what was asked wrongly, 3 for anything else, 0 for a stop", () => {
    assert.strictEqual(codeOf(Exit.fail(new UsageError({ message: "no" }))), exitCodes.usage)
    assert.strictEqual(codeOf(Exit.fail({ _tag: "NatsFlood" })), exitCodes.runtime)
    assert.strictEqual(codeOf(Exit.fail("a string")), exitCodes.runtime)
    assert.strictEqual(codeOf(Exit.die("a bug")), exitCodes.runtime)
    assert.strictEqual(codeOf(Exit.interrupt()), exitCodes.clean)
    assert.strictEqual(codeOf(Exit.void), exitCodes.clean)
  })
})
