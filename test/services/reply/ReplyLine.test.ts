import { assert, describe, it } from "@effect/vitest"
import type { Delivery } from "../../../src/domain/decision/Decision.ts"
import { replyDelivery } from "../../../src/services/reply/ReplyLine.ts"

const seen = (afterMs: number): Delivery => ({ _tag: "Delivered", afterMs })
const unseen: Delivery = { _tag: "Unconfirmed" }

const told = (lines: ReadonlyArray<Delivery>, endsAfter = lines.length): ReadonlyArray<Delivery> => {
  const heard: Array<Delivery> = []
  const delivery = replyDelivery((result) => heard.push(result))
  const waiting = lines.map(() => delivery.line())
  lines.slice(0, endsAfter).forEach((result, index) => waiting[index]?.(result))
  delivery.end()
  lines.slice(endsAfter).forEach((result, index) => waiting[endsAfter + index]?.(result))
  return heard
}

describe("a reply of several lines", () => {
  it("is delivered once, when its last line was seen", () => {
    for (const endsAfter of [0, 1, 2]) {
      assert.deepStrictEqual(told([seen(10), seen(30)], endsAfter), [seen(30)])
    }
  })
  it("is unconfirmed when one of its lines was not seen", () =>
    assert.deepStrictEqual(told([seen(10), unseen, seen(30)]), [unseen]))
  it("says nothing when no line left", () => assert.deepStrictEqual(told([]), []))
})
