// A value against its limit, to be taken in at a glance.
import { html } from "/vendor/htm-preact.js"
import { seconds } from "./words.js"

/** Up to so many places are drawn one by one. */
const mostPlaces = 12

const part = (share) => ({ "--part": `${Math.max(0, Math.min(1, share)) * 100}%` })

/** A bar of which a part is taken. */
export const Bar = ({ share, tone = "" }) =>
  html`<span class="bar-meter ${tone}" aria-hidden="true" style=${part(share)}><i></i></span>`

/** Places of a limit, the taken ones filled. */
const Places = ({ maximum, used, tone }) =>
  maximum > mostPlaces || maximum === 0
    ? html`<${Bar} share=${maximum === 0 ? 1 : used / maximum} tone=${tone} />`
    : html`<span class="places ${tone}" aria-hidden="true">
    ${Array.from({ length: maximum }, (_, index) => html`<i class=${index < used ? "taken" : ""}></i>`)}
  </span>`

/** The dice: below the mark wins. */
export const Dice = ({ draw, needed }) =>
  html`<span
  class="dice ${draw < needed ? "won" : "lost"}" aria-hidden="true"
  style=${{ "--needed": `${needed * 100}%`, "--draw": `${draw * 100}%` }}
><i></i><b></b></span>`

const isTimed = ({ limit }) => limit === "global_cooldown" || limit === "pace"

export const LimitMeter = ({ step }) =>
  isTimed(step)
    ? html`<${Bar} share=${step.maximum === 0 ? 1 : step.used / step.maximum} tone=${step.allowed ? "ok" : "stop"} />`
    : html`<${Places} maximum=${step.maximum} used=${step.used} tone=${step.allowed ? "ok" : "stop"} />`

const Big = ({ figure, of, meter, words }) =>
  html`<div class="figure">
  <p><b>${figure}</b> ${of}</p>${meter}${words && html`<p class="small">${words}</p>`}
</div>`

/** The figure that decided, large. */
export const Figure = ({ step }) => {
  switch (step._tag) {
    case "Silence":
      return html`<${Big} figure=${seconds(step.remainingMs)} of=${`of ${seconds(step.silenceMs)} left`}
        meter=${html`<${Bar} share=${step.remainingMs / step.silenceMs} tone="stop" />`} />`
    case "Limit":
      return isTimed(step)
        ? html`<${Big} figure=${seconds(step.used)}
          of=${
          step.limit === "pace"
            ? `until it could leave, too late after ${seconds(step.maximum)}`
            : `since its last line, ${seconds(step.maximum)} needed`
        }
          meter=${html`<${LimitMeter} step=${step} />`} />`
        : html`<${Big} figure=${`${step.used} of ${step.maximum}`} of="allowed"
          meter=${html`<${LimitMeter} step=${step} />`} />`
    case "Trigger":
      return step.result._tag === "Cooldown"
        ? html`<${Big} figure=${seconds(step.result.remainingMs)} of=${`of ${seconds(step.result.cooldownMs)} left`}
          meter=${html`<${Bar} share=${step.result.remainingMs / step.result.cooldownMs} tone="stop" />`} />`
        : html`<${Big} figure=${step.result.draw.toFixed(2)}
          of=${`drawn, less than ${step.result.needed.toFixed(2)} needed`}
          meter=${html`<${Dice} draw=${step.result.draw} needed=${step.result.needed} />`} />`
  }
}
