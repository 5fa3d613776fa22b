import { Predicate } from "effect"
import { finishReasonOf } from "./FinishReason.ts"

/** An error reported in place of an answer or within it; `code` is the HTTP status in the report. */
export interface ReportedFailure {
  readonly _tag: "Failed"
  readonly code: number | undefined
}

type Fields = Readonly<Record<PropertyKey, unknown>>
const isFields: (value: unknown) => value is Fields = Predicate.isReadonlyObject

const isStatus = (code: number): boolean => Number.isInteger(code) && code >= 400 && code <= 599
const codeFields = ["code", "status", "status_code", "http_status_code", "http_code", "error_code"]

/** The status in an error, as a number or a word for it. Its other text is not kept. */
const codeOf = (error: unknown): number | undefined => {
  if (!isFields(error)) return undefined
  const code = codeFields.map((field) => error[field]).filter((value) => typeof value !== "boolean").map(Number)
    .find(isStatus)
  const limited = ["code", "type", "error_type"].some((field) =>
    /^(rate_?limit|too_many_requests)/i.test(String(error[field]).slice(0, 40))
  )
  return code ?? (limited ? 429 : undefined)
}

/** Whether the field reports an error: some servers always write it, as null, false, 0 or "". */
const isTold = (error: unknown): boolean => {
  if (error === undefined || error === null || error === false || error === 0) return false
  if (typeof error === "string") return error.trim() !== ""
  return typeof error !== "object" || Object.keys(error).length > 0
}

// How frameworks word an error that is the whole answer.
const lone = ["detail", "message", "msg", "error_message", "error_msg", "error_code"]
const isLoneError = (chunk: Fields): boolean =>
  lone.some((field) => typeof chunk[field] === "string" ? chunk[field] !== "" : Array.isArray(chunk[field])) ||
  chunk["success"] === false || codeOf(chunk) !== undefined ||
  // `{"error": {}}` has no details, but it is no answer.
  isFields(chunk["error"])

/** MiniMax reports a status in a field beside the choices, 0 on success. */
const baseCode = (chunk: Fields): number => {
  const base = chunk["base_resp"]
  return isFields(base) ? Number(base["status_code"] ?? 0) : 0
}

const failure = (code: number | undefined): ReportedFailure => ({ _tag: "Failed", code })

/** The error that an event or a body reports, in any of the places where servers do (F5). */
export const failureOf = (
  chunk: Fields,
  choices: ReadonlyArray<Fields> | undefined
): ReportedFailure | undefined => {
  const report = [chunk["error"], chunk["errors"], ...(choices ?? []).map(({ error }) => error)].find(isTold)
  if (report !== undefined) return failure(codeOf(Array.isArray(report) ? report[0] : report) ?? codeOf(chunk))
  if (chunk["object"] === "error" || chunk["type"] === "error" || chunk["status"] === "error") {
    return failure(codeOf(chunk))
  }
  if (baseCode(chunk) !== 0) return failure(baseCode(chunk) === 1002 ? 429 : undefined)
  const errorChoice = (choices ?? []).find((choice) => finishReasonOf(choice["finish_reason"]) === "error")
  if (errorChoice !== undefined) return failure(codeOf(errorChoice["finish_reason"]) ?? codeOf(chunk))
  return choices === undefined && isLoneError(chunk) ? failure(codeOf(chunk)) : undefined
}

/** An error event, by its `event` field; its data may be anything. */
export const failureOfErrorEvent = (data: unknown): ReportedFailure =>
  (isFields(data) ? failureOf(data, undefined) : undefined) ?? failure(codeOf(data))

// Some servers write the error of the server behind them where the answer belongs. Only what no model says in a chat.
const errorTexts: ReadonlyArray<RegExp> = [
  /^(?:<!doctype html|<html[\s>])/i,
  /^\{\s*"(?:error|detail)"\s*:/,
  /^error code: \d{3} - [{[]/i,
  /^\W*network error due to high traffic/i,
  /^upstream (?:connect|request) /i,
  /^traceback \(most recent call last\)/i,
  /^litellm\.\w+(?:error|exception)/i,
  /^(?:\d{3}:? )?(?:internal server error|bad gateway|service unavailable|gateway time-?out|too many requests)\W*$/i
]

/** An answer that is a server's error message in place of one. */
export const failureOfText = (text: string): ReportedFailure | undefined => {
  const start = text.trimStart().slice(0, 200)
  if (!errorTexts.some((shape) => shape.test(start))) return undefined
  const code = Number(/\b[45]\d\d\b/.exec(start)?.[0])
  return failure(isStatus(code) ? code : undefined)
}
