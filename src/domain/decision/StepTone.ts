import type { Step } from "./Decision.ts"

/** Whether a step let the bot go on, stopped it, was only looked at, or just happened. */
export const toneOf = (step: Step): "+" | "!" | "." | " " => {
  switch (step._tag) {
    case "Trigger":
      return step.result._tag === "Fired"
        ? "+"
        : step.result._tag === "Cooldown" || step.result._tag === "Probability"
        ? "!"
        : "."
    case "Limit":
      return step.allowed ? " " : "!"
    case "LlmAttempt":
      return step.status === "success" ? " " : "!"
    case "Participation":
      return step.wanted ? " " : "!"
    case "Processed":
      return step.note !== "" ? "!" : step.before === step.after ? "." : " "
    case "Fallback":
    case "Silence":
      return "!"
    case "Sent":
      return "+"
    case "Context":
    case "Media":
      return "."
    default:
      return " "
  }
}
