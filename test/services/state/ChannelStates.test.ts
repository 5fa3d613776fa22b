import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { channelKey } from "../../../src/domain/Ids.ts"
import { ChannelStates } from "../../../src/services/state/ChannelStates.ts"

const [lobby, attic] = [channelKey("lobby"), channelKey("attic")]

it.effect("every channel has a state of its own, until it is forgotten or restored", () =>
  Effect.gen(function*() {
    const states = yield* ChannelStates
    const state = states.of(lobby)
    assert.strictEqual(states.of(lobby), state)
    assert.strictEqual(states.of(attic).key, attic)
    assert.strictEqual(states.of(lobby), state)
    states.forget(lobby)
    assert.notStrictEqual(states.of(lobby), state)
    const restored = { ...states.of(lobby) }
    states.restore(restored)
    assert.strictEqual(states.of(lobby), restored)
    assert.lengthOf(states.all(), 2)
  }).pipe(Effect.provide(ChannelStates.layer)))
