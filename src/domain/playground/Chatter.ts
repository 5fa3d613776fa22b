import { hashToUnit } from "../Hash.ts"
import { Username } from "../Ids.ts"

const viewers = ["Ana", "Ben", "Chloe", "Dmitri", "Esra", "Felix", "Grace", "Hiro", "Ines", "Jonas", "Kemi", "Lou"]
  .map((name) => Username.make(name))

const plain = [
  "did anybody see that coming?",
  "this soundtrack is way better than it has any right to be",
  "brb, getting popcorn",
  "I swear I have seen this actor somewhere else",
  "lol",
  "the lighting in this scene is gorgeous",
  "wait, who is that guy again?",
  "ok that was actually funny",
  "my stream froze for a second, what happened?",
  "no way he walks away from that",
  "this is the good part, shhh",
  "I always forget how long the intro is",
  "who picked this one? good taste",
  "the book was better, just saying",
  "haha, look at the extra in the background",
  "can we have something shorter after this?",
  "that cut was so abrupt",
  "hi all, just got here",
  "I watched this as a kid and had nightmares for a week",
  "ten minutes in and I already like her more than the lead",
  "is it just me or is the sound a bit late?",
  "oh no",
  "they spent the whole budget on this one shot",
  "the subtitles are doing their own thing today",
  "/me hides behind a pillow",
  "anyone up for a second episode later?",
  "I need that coat",
  "that is not how physics works, but I will allow it",
  "good night everybody, work tomorrow",
  "wow"
] as const

const naming = [
  "@{bot} what do you think of this?",
  "{bot}, who is your favourite so far?",
  "hey {bot}, are you even watching?",
  "@{bot} rate this scene from one to ten",
  "I bet {bot} knows how it ends",
  "{bot} say something nice to the newcomers",
  "@{bot} is the book better?",
  "come on {bot}, you have to admit that was good"
] as const

const touching = [
  "speaking of {keyword}, this one has plenty",
  "not enough {keyword} in here if you ask me",
  "did somebody say {keyword}?",
  "{keyword}, finally!",
  "the {keyword} is the best thing about it"
] as const

/** Parameters of the simulated chatter. */
export interface ChatterTopic {
  /** The same seed gives the same chatter. */
  readonly seed: number
  readonly bot: string
  /** Words that set off a trigger; some lines hold one. */
  readonly keywords: ReadonlyArray<string>
}

/** A line of a simulated viewer. */
export interface ChatterLine {
  readonly username: Username
  readonly message: string
}

/** How many lines in a hundred name the bot, and how many hold a keyword where there is one. */
const namesBot = 0.15
const holdsKeyword = 0.12

const pick = <A>(list: readonly [A, ...ReadonlyArray<A>], draw: number): A =>
  list[Math.floor(draw * list.length)] ?? list[0]

/** Every item once before any repeats: the list is reshuffled for each round. */
const inRounds = <A>(list: readonly [A, ...ReadonlyArray<A>], seed: number, index: number): A => {
  const round = Math.floor(index / list.length)
  const shuffled = list
    .map((item, place) => ({ item, draw: hashToUnit(["chatter", seed, "round", round, place]) }))
    .toSorted((one, other) => one.draw - other.draw)
  return shuffled[index % list.length]?.item ?? list[0]
}

/** The `index`th line (from 0) of a room full of made-up viewers: a function of its arguments alone. */
export const chatterLine = ({ bot, keywords, seed }: ChatterTopic, index: number): ChatterLine => {
  const draw = (of: string) => hashToUnit(["chatter", seed, of, index])
  const kind = draw("kind")
  const [keyword, ...others] = keywords
  const message = kind < namesBot
    ? pick(naming, draw("text")).replace("{bot}", () => bot)
    : keyword !== undefined && kind < namesBot + holdsKeyword
    ? pick(touching, draw("text")).replace("{keyword}", () => pick([keyword, ...others], draw("keyword")))
    : inRounds(plain, seed, index)
  return { username: viewers[Math.floor(draw("who") * viewers.length)] ?? Username.make("Ana"), message }
}

/** ms before the `index`th line at so many lines a minute: people talk in bursts. On average the rate is met. */
export const chatterPauseMs = (seed: number, index: number, perMinute: number): number => {
  // An exponential pause, cut where it would be tedious; the factor makes up for the cut.
  const pause = Math.min(3, -Math.log(1 - hashToUnit(["chatter", seed, "pause", index])))
  return Math.round(60_000 / perMinute * pause / (1 - Math.exp(-3)))
}
