import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SecureRandom } from "effect/crypto"
import { randomBytes } from "../../../src/layers/process/RandomBytes.ts"

describe("random bytes that are drawn ahead", () => {
  it.effect("are never handed out twice, over several draws and whatever sizes are asked for", () =>
    Effect.gen(function*() {
      const random = yield* SecureRandom.SecureRandom
      const ids = yield* Effect.all(Array.from({ length: 2_000 }, () => random.uuidV4()))
      assert.strictEqual(new Set(ids).size, ids.length)
      for (const id of ids) assert.match(id, /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/)
      const sizes = [1_000, 3_000, 4_096, 10_000, 1_000]
      const drawn = yield* Effect.forEach(sizes, (size) => random.randomBytes(size))
      assert.deepStrictEqual(drawn.map(({ byteLength }) => byteLength), sizes)
      // Of random bytes one in 256 is zero; of bytes that were wiped all are.
      for (const bytes of drawn) assert.isBelow(bytes.filter((byte) => byte === 0).length, bytes.byteLength / 20)
      assert.notDeepEqual(drawn[0], drawn[4])
    }).pipe(Effect.provide(randomBytes)))
})
