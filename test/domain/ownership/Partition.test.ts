import { assert, describe, it } from "@effect/vitest"
import { ChannelName } from "../../../src/domain/Ids.ts"
import { partitionOf, partitionOfToken, partitionsOf } from "../../../src/domain/ownership/Partition.ts"

describe("the partition of a channel", () => {
  // FNV-1a of 32 bits, from its reference: "" 811c9dc5, "a" e40c292c, "b" e70c2de5, "foobar" bf9cf968.
  it.each([["", 0x811c9dc5], ["a", 0xe40c292c], ["b", 0xe70c2de5], ["foobar", 0xbf9cf968]] as const)(
    "of %j is its sum modulo the count",
    (token, sum) => {
      assert.strictEqual(partitionOfToken(token, 32), sum % 32)
      assert.strictEqual(partitionOfToken(token, 7), sum % 7)
      assert.strictEqual(partitionOfToken(token, 1), 0)
    }
  )

  it("is the same however the name is spelled", () =>
    assert.strictEqual(partitionOf({ name: ChannelName.make("Lobby") }, 32), partitionOfToken("lobby", 32)))

  it("spreads a thousand channels over all partitions", () => {
    const counts = new Map(partitionsOf(32).map((partition) => [partition, 0]))
    for (let n = 0; n < 1000; n++) {
      const partition = partitionOfToken(`channel-${n}`, 32)
      counts.set(partition, (counts.get(partition) ?? 0) + 1)
    }
    assert.isAbove(Math.min(...counts.values()), 12)
    assert.isBelow(Math.max(...counts.values()), 60)
  })
})
