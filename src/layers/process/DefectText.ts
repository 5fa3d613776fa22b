/** How many places of a stack are named. */
const longestStack = 8

/** An error by its name and its places in the code; with its message, which may hold what people wrote (N4), if asked. */
export const defectText = ({ message, name, stack }: Error, withMessage: boolean): string => {
  const places = (stack ?? "").split("\n").filter((line) => line.startsWith("    at ")).slice(0, longestStack)
  return `${name}${withMessage ? `: ${message}` : ""} ${places.map((line) => line.trim()).join(" ")}`
}
