import { type ChoiceChunk, type TextField, textFields } from "./CompletionChunk.ts"
import { type DeltaText, deltaText } from "./DeltaText.ts"
import type { FinishReason } from "./FinishReason.ts"

/** What the one choice that counts has said so far. */
export interface ChosenText {
  readonly add: (choice: ChoiceChunk) => void
  readonly text: () => string
  readonly finishReason: () => FinishReason | undefined
  readonly refused: () => boolean
  readonly thinks: () => boolean
}

interface Said {
  readonly texts: Readonly<Record<TextField, DeltaText>>
  finishReason: FinishReason | undefined
  refused: boolean
  thinks: boolean
}

const nothing = (): Said => ({
  texts: { delta: deltaText(), message: deltaText(), text: deltaText() },
  finishReason: undefined,
  refused: false,
  thinks: false
})

/**
 * Gathers the first choice: index 0, or the one that came first where there is no 0. Its text is that of the field that
 * has any: a whole `message` at the end of a stream only repeats the deltas.
 */
export const chosenText = (): ChosenText => {
  let chosen: number | undefined
  let said = nothing()
  return {
    add: ({ finishReason, index, refused, texts, thinks }) => {
      if (index === 0 && chosen !== 0) said = nothing()
      if (index === 0) chosen = 0
      chosen ??= index
      if (index !== chosen) return
      for (const field of textFields) said.texts[field].add(texts[field], finishReason !== undefined)
      said.finishReason = finishReason ?? said.finishReason
      said.refused ||= refused
      said.thinks ||= thinks
    },
    text: () => textFields.map((field) => said.texts[field].text()).find((text) => text.trim() !== "") ?? "",
    finishReason: () => said.finishReason,
    refused: () => said.refused,
    thinks: () => said.thinks
  }
}
