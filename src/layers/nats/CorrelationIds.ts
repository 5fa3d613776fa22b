import { randomFillSync } from "node:crypto"
import { Brand } from "effect"
import type { CorrelationId } from "../../domain/Ids.ts"

const asCorrelationId = Brand.nominal<CorrelationId>()

/** Random bytes are drawn for so many ids at once: a draw costs more than the bytes do. */
const idsADraw = 256
const bytesAnId = 16

const digits = Buffer.from("0123456789abcdef", "latin1")
const pattern = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
/** Where the two digits of each byte stand. */
const places = [...pattern].flatMap((sign, place) => sign === "x" ? [place] : []).filter((_, digit) => digit % 2 === 0)

/** Makes fresh correlation ids: UUIDs of version 4 (F1). */
export const makeCorrelationIds = (): () => CorrelationId => {
  const drawn = Buffer.alloc(idsADraw * bytesAnId)
  const text = Buffer.from(pattern, "latin1")
  let used = drawn.length
  return () => {
    if (used === drawn.length) {
      randomFillSync(drawn)
      used = 0
    }
    // Version and variant.
    drawn[used + 6] = ((drawn[used + 6] ?? 0) & 0x0F) | 0x40
    drawn[used + 8] = ((drawn[used + 8] ?? 0) & 0x3F) | 0x80
    for (let index = 0; index < bytesAnId; index++) {
      const byte = drawn[used + index] ?? 0
      const place = places[index] ?? 0
      text[place] = digits[byte >> 4] ?? 0
      text[place + 1] = digits[byte & 0x0F] ?? 0
    }
    used += bytesAnId
    return asCorrelationId(text.toString("latin1"))
  }
}
