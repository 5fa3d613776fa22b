import { assert, describe, it } from "@effect/vitest"
import { serverHosts } from "../../../src/domain/settings/ServerAddress.ts"

const cases: ReadonlyArray<readonly [address: string, ...hosts: ReadonlyArray<string>]> = [
  ["nats://a:1", "a:1"],
  ["tls://a", "a"],
  ["nats://[::1]:4222", "[::1]:4222"],
  // As NATS's own tools read NATS_URL.
  ["nats://a:1,nats://b:2", "a:1", "b:2"],
  ["nats://a:1, b:2 ,tls://c,", "a:1", "b:2", "c"],
  // nats-io/nats.net.v1#630, #81: signs of a password that a URL cannot hold; none of it may be taken for a host.
  ["nats://me:p@ss#1@a:1", "a:1"],
  ["nats://me:p/s?s@a:1,nats://me:p%40ss@b:2", "a:1", "b:2"]
]

describe("an address of NATS", () => {
  it.each(cases)("%s names its hosts", (address, ...hosts) => assert.deepStrictEqual(serverHosts(address), hosts))
})
