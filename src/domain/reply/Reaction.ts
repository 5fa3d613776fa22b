// An emote code, a run of emoji or symbols, an emoticon, and a face of signs with no word in it.
const emote = /^(?:<a?:\w+:\d+>|:[\p{L}\p{N}_+-]+:)+$/u
const symbols =
  /^(?=.*[\p{S}\p{Extended_Pictographic}\p{RI}])[\p{S}\p{Extended_Pictographic}\p{RI}\p{EMod}\p{M}\p{DI}]+[!?.…]*$/u
const emoticon = /^(?:[:;=8xX][-'^~]?[)(\][}{DPpOo3/\\|*$@<>cS]+|[)(\]DO][-']?[:;=]|<\/?3+|[xX]D+|\\?o\/|\\[oO]\/)$/u
const face = /^(?!.*(?:\p{L}\p{M}*){2})(?!.*\p{N}{2})(?=.*[_^°¬ツω‿`´])(?=.*[\p{P}\p{S}])\S{3,24}$/u

const isReactionToken = (token: string): boolean => [emote, symbols, emoticon, face].some((kind) => kind.test(token))
const tokensOf = (text: string): ReadonlyArray<string> => text.trim().split(/\s+/u)

/** How many emotes, emoji and emoticons a text holds: each says as much as a word. */
export const reactionsIn = (text: string): number => tokensOf(text).filter(isReactionToken).length

/** True of a line of emotes, emoji or emoticons alone: it says something without a word. */
export const isReaction = (text: string): boolean => tokensOf(text).every(isReactionToken)
