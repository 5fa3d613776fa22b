import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Result, Schema } from "effect"
import { saidLine } from "../../../src/domain/wire/Payload.ts"
import { usualLine } from "../../../src/domain/wire/UsualLine.ts"

const names = ["Bob", "", " Bob", "bob_2-x", "Bo b", "B\u0000", "Ünï", "😀", "x".repeat(50), "x".repeat(51), 7, null]
const ranks = [0, 1.5, 255, 256, -1, "2", null]
const texts = ["hello", "", "<b>hi</b>", "&lt;", 5, null]
const metas = [{}, { shadow: true }, null, "x", []]
const times = [1_795_339_200_000, "1", null, -1]

const Index = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 }))
// An index behind a list's end: no such key.
const payloads = Arbitrary.schema(Schema.Struct({
  username: Index,
  name: Index,
  rank: Index,
  msg: Index,
  meta: Index,
  time: Index,
  user: Schema.Literals(["person", "person", "nobody", "number", "none"])
})).pipe(Arbitrary.map((at): unknown => {
  const person = { name: names[at.name], rank: ranks[at.rank], meta: metas[at.meta] }
  return JSON.parse(JSON.stringify({
    username: names[at.username],
    msg: texts[at.msg],
    meta: metas[at.meta],
    time: times[at.time],
    user: { person, nobody: null, number: 1, none: undefined }[at.user]
  }))
}))

describe("a line that is read without its schema", () => {
  let read = 0
  it.prop("is what the schema reads, or left to it", [payloads], ([payload]) => {
    const usual = usualLine(payload)
    if (usual === undefined) return
    read++
    assert.deepStrictEqual(Result.getOrThrow(saidLine(payload)), usual)
  }, { arbitrary: { runs: 3_000 } })

  it("is most of them where nothing is unusual", () => {
    assert.isAbove(read, 30)
    for (const payload of [null, 1, "x", [], {}]) assert.isUndefined(usualLine(payload))
    assert.isDefined(usualLine({ username: "Bob", msg: "hello", time: 1 }))
  })
})
