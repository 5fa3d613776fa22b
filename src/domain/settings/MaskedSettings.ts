import { Predicate, Record, Schema } from "effect"
import { isSecretName, maskAddress } from "./SecretMask.ts"
import { Settings } from "./Settings.ts"

const hidden = "hidden"

/** Parameters passed to a server as they are may hold its key under any name. */
const maskedField = (name: string, value: unknown): unknown => {
  if (name === "extra_body" && Predicate.isObject(value)) return Record.map(value, () => hidden)
  return isSecretName(name) && value !== null ? hidden : masked(value)
}

const masked = (value: unknown): unknown => {
  if (typeof value === "string") return maskAddress(value)
  if (Array.isArray(value)) return value.map(masked)
  if (!Predicate.isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, maskedField(key, inner)])
  )
}

const encode = Schema.encodeSync(Settings)

/** The settings in the file's own terms, with every secret replaced by a word (N4): they decode again. */
export const maskedSettings = (settings: Settings): unknown => masked(encode(settings))
