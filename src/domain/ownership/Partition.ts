import { Schema } from "effect"
import { type Room, token } from "../wire/Room.ts"

/** One part of the channels, from 0: the unit that one replica owns. */
export const Partition = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).pipe(Schema.brand("Partition"))
export type Partition = typeof Partition.Type

/** The partitions of so many. */
export const partitionsOf = (count: number): ReadonlyArray<Partition> =>
  Array.from({ length: count }, (_, n) => Partition.make(n))

const utf8 = new TextEncoder()

/** The partition of a subject's token as a server's `{{partition(count,…)}}` has it: FNV-1a of 32 bits, modulo the count. */
export const partitionOfToken = (channel: string, count: number): Partition => {
  let sum = 0x811c9dc5
  for (const byte of utf8.encode(channel)) sum = Math.imul(sum ^ byte, 0x01000193)
  return Partition.make((sum >>> 0) % count)
}

/** The partition of a room, by its name as subjects have it in lower case. */
export const partitionOf = ({ name }: Pick<Room, "name">, count: number): Partition =>
  partitionOfToken(token(name), count)
