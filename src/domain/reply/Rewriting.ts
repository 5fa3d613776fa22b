import type { ResponseProcessing } from "../settings/ResponseSettings.ts"
import { clean } from "./Clean.ts"
import { plainText } from "./PlainText.ts"
import type { Speakers } from "./Transcript.ts"

/** Rewrites a text on its way to a line: pure, and linear in the text. */
type Rewrite = (text: string, settings: ResponseProcessing, speakers: Speakers) => string

/** The steps of F7 that rewrite an answer, in their order. */
export const rewritingSteps = [
  ["clean", (text, _, speakers) => clean(text, speakers)],
  ["plain_text", (text, settings) => plainText(text, settings)]
] as const satisfies ReadonlyArray<readonly [step: string, rewrite: Rewrite]>

/** The name of a rewriting step. */
export type RewritingStep = typeof rewritingSteps[number][0]

/** Applies all rewriting steps in order. */
export const rewritten: Rewrite = (text, settings, speakers) =>
  rewritingSteps.reduce((line, [, rewrite]) => rewrite(line, settings, speakers), text)
