import { Brand } from "effect"
import type { Username } from "../Ids.ts"

/** What both shapes of a chat line say. */
export interface SaidLine {
  readonly name: Username
  /** Where the line itself carries it (the plain shape). */
  readonly rank: number | undefined
  readonly msg: string
  readonly meta: unknown
  readonly time: unknown
}

const asUsername = Brand.nominal<Username>()

/** A name of letters that nothing has to be taken out of, and that is not too long. */
const plainName = /^[!-~]{1,50}$/

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null

const isRank = (rank: unknown): rank is number => typeof rank === "number" && rank >= 0 && rank <= 255

const said = (name: unknown, rank: number | undefined, { meta, msg, time }: Fields): SaidLine | undefined =>
  typeof name === "string" && plainName.test(name) && typeof msg === "string"
    ? { name: asUsername(name), rank, msg, meta, time }
    : undefined

/**
 * A chat line as bridges nearly always send it, read without a schema; nothing where only the schema can tell what it
 * is or what is wrong with it. Both read the same from the same payload.
 */
export const usualLine = (payload: unknown): SaidLine | undefined => {
  if (!isFields(payload)) return undefined
  if (!("user" in payload)) return said(payload["username"], undefined, payload)
  const { user } = payload
  if (!isFields(user)) return undefined
  if (!("rank" in user)) return said(user["name"], undefined, payload)
  const { rank } = user
  return isRank(rank) ? said(user["name"], rank, payload) : undefined
}
