import { randomFillSync } from "node:crypto"
import { Layer } from "effect"
import { SecureRandom } from "effect/crypto"

/** Drawn at once: a draw of 4 KiB takes hardly longer than one of 16 bytes. */
const poolBytes = 4096

/** Secure random bytes, drawn ahead: each reply takes an id of 16. What is handed out is kept nowhere. */
export const randomBytes: Layer.Layer<SecureRandom.SecureRandom> = Layer.sync(SecureRandom.SecureRandom, () => {
  const pool = new Uint8Array(poolBytes)
  let used = poolBytes
  return SecureRandom.make((size) => {
    if (size > poolBytes) return randomFillSync(new Uint8Array(size))
    if (used + size > poolBytes) {
      randomFillSync(pool)
      used = 0
    }
    const bytes = pool.slice(used, used + size)
    pool.fill(0, used, used + size)
    used += size
    return bytes
  })
})
