import { sha256 } from "@noble/hashes/sha2.js"
import { utf8ToBytes } from "@noble/hashes/utils.js"

// Unit separator: cannot occur in names, texts or numbers once control characters are removed.
const bytesOf = (parts: ReadonlyArray<string | number>): Uint8Array => sha256(utf8ToBytes(parts.join("\u001f")))

const hexDigits = "0123456789abcdef"

/** One flat string: text that grows piece by piece is kept as a tree of its pieces. */
const hexOf = (bytes: Uint8Array): string => {
  const codes: Array<number> = []
  for (const byte of bytes) codes.push(hexDigits.charCodeAt(byte >> 4), hexDigits.charCodeAt(byte & 15))
  return String.fromCharCode(...codes)
}

/** A 128-bit hash of the parts in order, in hex: the same parts give the same hash on every machine. */
export const hash = (parts: ReadonlyArray<string | number>): string => hexOf(bytesOf(parts).subarray(0, 16))

/** A number in [0, 1) that is a function of the parts alone, uniform to 52 bits (F3: dice without state). */
export const hashToUnit = (parts: ReadonlyArray<string | number>): number => {
  const view = new DataView(bytesOf(parts).buffer)
  return (view.getUint32(0) * 2 ** 20 + (view.getUint32(4) >>> 12)) / 2 ** 52
}
