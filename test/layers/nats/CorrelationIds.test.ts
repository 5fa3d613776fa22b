import { assert, it } from "@effect/vitest"
import { makeCorrelationIds } from "../../../src/layers/nats/CorrelationIds.ts"

it("correlation ids are UUIDs of version 4, each another, over many draws of random bytes", () => {
  const next = makeCorrelationIds()
  const ids = new Set(Array.from({ length: 10_000 }, next))
  assert.strictEqual(ids.size, 10_000)
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  // Every other digit takes every value.
  const digits = Array.from({ length: 36 }, (_, place) => new Set([...ids].map((id) => id[place])).size)
  assert.deepStrictEqual([...new Set(digits)].toSorted((one, other) => one - other), [1, 4, 16])
})
