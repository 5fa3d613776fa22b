import { type ChoiceChunk, type TextField, textFields } from "./CompletionChunk.ts"
import { type DeltaText, deltaText } from "./DeltaText.ts"
import type { FinishReason } from "./FinishReason.ts"

/** The content so far of the choice that counts. */
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
 * Collects the first choice: index 0, or without one the first to arrive. Its text is that of the field that
 * has any: a whole `message` at the end of a stream only repeats the deltas.
 */
export const chosenText = (): ChosenText => {
  let chosenIndex: number | undefined
  let content = nothing()
  return {
    add: ({ finishReason, index, refused, texts, thinks }) => {
      if (index === 0 && chosenIndex !== 0) content = nothing()
      if (index === 0) chosenIndex = 0
      chosenIndex ??= index
      if (index !== chosenIndex) return
      for (const field of textFields) content.texts[field].add(texts[field], finishReason !== undefined)
      content.finishReason = finishReason ?? content.finishReason
      content.refused ||= refused
      content.thinks ||= thinks
    },
    text: () => textFields.map((field) => content.texts[field].text()).find((text) => text.trim() !== "") ?? "",
    finishReason: () => content.finishReason,
    refused: () => content.refused,
    thinks: () => content.thinks
  }
}
