import { HashMap, Option, Result } from "effect"

/** One admitted reply: unsent it counts as inside every window, sent it counts from its send time. */
export interface Charge {
  readonly id: number
  readonly admittedAt: number
  readonly sentAt: number | undefined
}

/** The charges against one user, channel, entry or cooldown, and how long a sent one matters. */
interface Ledger {
  readonly charges: ReadonlyArray<Charge>
  readonly keepMs: number
}

/** Every ledger by its name. Grows with the users of the last hour; `sweep` frees the idle ones. Times are monotonic ms. */
export type Ledgers = HashMap.HashMap<string, Ledger>

/** The charges of a ledger, in order of admission. */
export const chargesOf = (ledgers: Ledgers, name: string): ReadonlyArray<Charge> =>
  Option.match(HashMap.get(ledgers, name), { onNone: () => [], onSome: ({ charges }) => charges })

const isKept = (keepMs: number, now: number) => ({ admittedAt, sentAt }: Charge): boolean =>
  sentAt === undefined || Math.max(sentAt, admittedAt) > now - keepMs

/** Writes a new held charge; charges that no longer matter are dropped on the way. */
export const hold = (ledgers: Ledgers, name: string, keepMs: number, id: number, now: number): Ledgers =>
  HashMap.set(ledgers, name, {
    keepMs,
    charges: [...chargesOf(ledgers, name).filter(isKept(keepMs, now)), { id, admittedAt: now, sentAt: undefined }]
  })

/** Stamps a held charge with its send time. */
export const stamp = (ledgers: Ledgers, name: string, id: number, sentAt: number): Ledgers =>
  HashMap.modify(ledgers, name, (ledger) => ({
    ...ledger,
    charges: ledger.charges.map((charge) => charge.id === id ? { ...charge, sentAt } : charge)
  }))

/** Takes a held charge back as if it had never been; a sent one stays. */
export const erase = (ledgers: Ledgers, name: string, id: number): Ledgers =>
  HashMap.modifyAt(
    ledgers,
    name,
    Option.flatMap((ledger) => {
      const charges = ledger.charges.filter((charge) => charge.id !== id || charge.sentAt !== undefined)
      return charges.length === 0 ? Option.none() : Option.some({ ...ledger, charges })
    })
  )

/** Frees the charges that no longer matter, and the ledgers left empty. */
export const sweep = (ledgers: Ledgers, now: number): Ledgers =>
  HashMap.filterMap(ledgers, ({ charges, keepMs }) => {
    const kept = charges.filter(isKept(keepMs, now))
    return kept.length === 0 ? Result.fail(undefined) : Result.succeed({ keepMs, charges: kept })
  })

/** How many charges lie inside (now − window, now]; held ones do. */
export const countInside = (charges: ReadonlyArray<Charge>, windowMs: number, now: number): number =>
  charges.filter(({ sentAt }) => sentAt === undefined || sentAt > now - windowMs).length

/** ms until fewer than `maximum` charges lie inside the window; absent while that depends on held ones. */
export const reopensIn = (
  charges: ReadonlyArray<Charge>,
  windowMs: number,
  maximum: number,
  now: number
): number | undefined => {
  const sent = charges.flatMap(({ sentAt }) => sentAt === undefined || sentAt <= now - windowMs ? [] : [sentAt])
    .toSorted((a, b) => a - b)
  const leaving = sent[countInside(charges, windowMs, now) - maximum]
  return maximum === 0 || leaving === undefined ? undefined : leaving + windowMs - now
}
