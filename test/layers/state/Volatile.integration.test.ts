import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { lossIn, warnOfLoss } from "../../../src/layers/state/Volatile.ts"
import { LogLines } from "../../support/LogLines.ts"

describe("the file system of the state", () => {
  it.each([
    ["a container's root", 0x79_4c_76_30, "mount a volume"],
    ["memory", 0x01_02_19_94, "on a disk"]
  ])("does not last when it is %s", (_, kind, advice) => {
    assert.include(lossIn(kind), advice)
  })

  it.each([["ext4", 0xef_53], ["xfs", 0x58_46_53_42], ["btrfs", 0x91_23_68_3e], ["NFS", 0x69_69]])(
    "lasts when it is %s",
    (_, kind) => {
      assert.isUndefined(lossIn(kind))
    }
  )

  it.effect("is told from the directory itself; one that is not there is no business of it", () =>
    Effect.gen(function*() {
      yield* warnOfLoss("/dev/shm")
      yield* warnOfLoss("/nowhere")
      const lines = (yield* (yield* LogLines).all).map(({ message }) => message)
      assert.deepStrictEqual(lines, [
        "State in /dev/shm does not last: it is in memory and ends with the machine or the container: choose one on a disk"
      ])
    }).pipe(Effect.provide(LogLines.layer)))
})
