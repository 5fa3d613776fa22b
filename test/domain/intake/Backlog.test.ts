import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { makeBacklog } from "../../../src/domain/intake/Backlog.ts"

interface Item {
  readonly id: number
  readonly size: number
  readonly matters: boolean
}

const backlogOf = (maxBytes: number) => {
  const dropped: Array<Item> = []
  let judged = 0
  const backlog = makeBacklog<Item>({
    maxBytes,
    bytesOf: ({ size }) => size,
    isExpendable: ({ matters }) => {
      judged++
      return !matters
    },
    onDropped: (item) => void dropped.push(item)
  })
  return { backlog, dropped, judged: () => judged }
}

const taken = (backlog: { readonly next: () => Item | undefined }): ReadonlyArray<Item> => {
  const items: Array<Item> = []
  for (let item = backlog.next(); item !== undefined; item = backlog.next()) items.push(item)
  return items
}

const Add = Schema.TaggedStruct("Add", { size: Schema.Literals([1, 2, 5]), matters: Schema.Boolean })
const Take = Schema.TaggedStruct("Take", {})
const Steps = Schema.Array(Schema.Union([Add, Add, Take])).check(Schema.isMaxLength(200))

describe("a backlog", () => {
  it.prop(
    "never holds more than it may, keeps the order, and drops what matters only when nothing else is left",
    [Steps],
    ([steps]) => {
      const { backlog, dropped } = backlogOf(12)
      // The same by hand: a plain list.
      let waiting: Array<Item> = []
      const lost: Array<Item> = []
      let id = 0
      for (const step of steps) {
        if (step._tag === "Take") {
          assert.deepStrictEqual(backlog.next(), waiting.shift())
          continue
        }
        const item = { id: id++, size: step.size, matters: step.matters }
        backlog.add(item)
        waiting.push(item)
        while (waiting.reduce((sum, { size }) => sum + size, 0) > 12) {
          const victim = waiting.find(({ matters }) => !matters) ?? waiting[0]
          if (victim !== undefined) lost.push(victim)
          waiting = waiting.filter((other) => other !== victim)
        }
        assert.isAtMost(backlog.bytes(), 12)
        assert.strictEqual(backlog.size(), waiting.length)
      }
      assert.deepStrictEqual(dropped, lost)
      assert.deepStrictEqual(taken(backlog), waiting)
    }
  )

  it("judges each item at most once, however long it is full", () => {
    const { backlog, dropped, judged } = backlogOf(100)
    for (let id = 0; id < 20_000; id++) backlog.add({ id, size: 1, matters: id % 1_000 === 0 })
    assert.isAtMost(judged(), 20_000)
    assert.lengthOf(dropped, 19_900)
    assert.lengthOf(taken(backlog).filter(({ matters }) => matters), 20)
  })

  it("takes and drops in constant time and frees what was taken", () => {
    const { backlog } = backlogOf(1_000_000)
    for (let round = 0; round < 10; round++) {
      for (let id = 0; id < 5_000; id++) backlog.add({ id, size: 1, matters: true })
      assert.lengthOf(taken(backlog), 5_000)
    }
    assert.deepStrictEqual([backlog.size(), backlog.bytes()], [0, 0])
  })
})
