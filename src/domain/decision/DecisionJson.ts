import { Schema } from "effect"
import { decidingIndex } from "./DecidingStep.ts"
import { DecisionRecord } from "./Decision.ts"

const encode = Schema.encodeSync(DecisionRecord)

/** A record as JSON data for readers outside the program, with the index in `steps` of the one that decided. */
export type DecisionJson = typeof DecisionRecord.Encoded & { readonly decidingStep?: number }

/** A record as JSON data for readers outside the program. */
export const decisionJson = (record: DecisionRecord): DecisionJson => {
  const decidingStep = decidingIndex(record)
  return { ...encode(record), ...(decidingStep === undefined ? {} : { decidingStep }) }
}
