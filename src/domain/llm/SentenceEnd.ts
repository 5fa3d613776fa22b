const mark = /[.!?…。！？．｡؟۔।។။]["'”’»」』)\]*_~`]*$/u
const picture = /(?:\p{Extended_Pictographic}(?:\p{EMod}|\u200D|\uFE0F)*|[:;=]['-]?[()DP])$/u
const noEnd = /(?:\p{N}|(?<!\p{L})(?:\p{L}|[DM]rs?|Ms|Prof|St|[Vv]s|Jr|Sr|No|Nr|etc|approx|[Ee]\.g|[Ii]\.e|z\.B))\.$/u

/** Whether a text ends with a sentence's end, or with an emoji in place of one. */
export const endsSentence = (text: string): boolean => {
  const end = text.slice(-32).trimEnd()
  return (mark.test(end) && !noEnd.test(end)) || picture.test(end)
}
