/** Stack frames that are named. */
const longestStack = 8

/** An error's name and stack frames; on request with its message, which may hold what people wrote (N4). */
export const defectText = ({ message, name, stack }: Error, withMessage: boolean): string => {
  const places = (stack ?? "").split("\n").filter((line) => line.startsWith("    at ")).slice(0, longestStack)
  return `${name}${withMessage ? `: ${message}` : ""} ${places.map((line) => line.trim()).join(" ")}`
}
