import { Context, Effect, Metric } from "effect"
import type { ActiveSettings } from "../../domain/ChannelSettings.ts"
import type { ChannelName } from "../../domain/Ids.ts"
import { type AllLabels, counters, gauges, histograms } from "./MetricFamilies.ts"

/**
 * How a channel appears in labels: under its name, or as `_all` when there are more channels than
 * `telemetry.channel_label_limit` (N4).
 */
export const ChannelLabel: Context.Reference<(channel: ChannelName) => string> = Context.Reference(
  "llm-bot/ChannelLabel",
  { defaultValue: () => (channel: ChannelName): string => channel }
)

const hasTooManyLabels = ({ channels, settings }: ActiveSettings): boolean =>
  [...channels.values()].filter(({ enabled }) => enabled).length > settings.telemetry.channel_label_limit

/** Channel labels under the configuration in force. */
export const channelLabels = (read: () => ActiveSettings): (channel: ChannelName) => string => {
  let cache: { readonly settings: ActiveSettings; readonly tooMany: boolean } | undefined
  return (channel) => {
    const settings = read()
    if (cache?.settings !== settings) cache = { settings, tooMany: hasTooManyLabels(settings) }
    return cache.tooMany ? "_all" : channel
  }
}

/** The labels of one series. */
type Labels = Partial<AllLabels>

const attributesOf = (labels: Labels, labelOf: (channel: ChannelName) => string): Record<string, string> => ({
  ...labels,
  ...(labels.channel === undefined ? {} : { channel: labelOf(labels.channel) })
})

const families = { ...counters, ...histograms } as const
type FamilyName = keyof typeof families
type LabelsOf<Name extends FamilyName> = Pick<AllLabels, (typeof families)[Name]["labels"][number]>

/** Counts and measures, for plain code. */
export interface Meter {
  /** Shows a series at 0, which is not there before otherwise. */
  readonly begin: <Name extends FamilyName>(name: Name, labels: LabelsOf<Name>) => void
  /** Adds to a counter, 1 by default (OPERATIONS, metrics). */
  readonly count: <Name extends keyof typeof counters>(name: Name, labels: LabelsOf<Name>, by?: number) => void
  /** Records one value of a histogram: seconds, or characters. */
  readonly observe: <Name extends keyof typeof histograms>(name: Name, labels: LabelsOf<Name>, value: number) => void
  /** One series, found once: adds to its counter, or records a value. */
  readonly series: <Name extends FamilyName>(name: Name, labels: LabelsOf<Name>) => (value: number) => void
}

type Update = Metric.Metric.Hooks<number, unknown>["update"]
/** A family's series, by the values of its labels one after the other. */
interface Branch {
  readonly branches: Map<string, Branch>
  update: Update | undefined
}
const emptyBranch = (): Branch => ({ branches: new Map(), update: undefined })

const branchOf = ({ branches }: Branch, value: string): Branch => {
  const known = branches.get(value)
  if (known !== undefined) return known
  const branch = emptyBranch()
  branches.set(value, branch)
  return branch
}

/** Puts a series into the registry, if it is not there, and says how that one is updated. */
const registered = (registry: Metric.MetricRegistry, series: Metric.Metric<number, unknown>): Update | undefined => {
  // Read through a registry of its own it shows its key, which is not looked up at each update then.
  const own: Metric.MetricRegistry = new Map()
  series.valueUnsafe(Context.make(Metric.MetricRegistry, own))
  let update: Update | undefined
  for (const [key, made] of own) {
    const { hooks } = registry.get(key) ?? made
    if (!registry.has(key)) registry.set(key, made)
    update = hooks.update
  }
  return update
}

/** A meter with the registry and the label policy of the fiber that builds it. */
export const makeMeter: Effect.Effect<Meter> = Effect.map(Effect.context<never>(), (context) => {
  const labelOf = Context.get(context, ChannelLabel)
  const registry = Context.get(context, Metric.MetricRegistry)
  // As many as there are series, which the labels bound (N4).
  const known = emptyBranch()

  const updateOf = (name: FamilyName, labels: Labels): Update | undefined => {
    const { channel } = labels
    let branch = branchOf(known, name)
    // Whether channels share a label changes with the configuration.
    if (channel !== undefined) branch = branchOf(branch, labelOf(channel))
    for (const label of families[name].labels) {
      const value = labels[label]
      if (label !== "channel" && value !== undefined) branch = branchOf(branch, value)
    }
    return branch.update ??= registered(registry, families[name].series(attributesOf(labels, labelOf)))
  }
  return {
    begin: (name, labels) => void updateOf(name, labels),
    count: (name, labels, by = 1) => updateOf(name, labels)?.(by, context),
    observe: (name, labels, value) => updateOf(name, labels)?.(value, context),
    series: (name, labels) => {
      const { channel }: Labels = labels
      let shownAs: string | undefined
      let update: Update | undefined
      return (value) => {
        const label = channel === undefined ? "" : labelOf(channel)
        if (label !== shownAs) {
          shownAs = label
          update = updateOf(name, labels)
        }
        update?.(value, context)
      }
    }
  }
})

/** Adds to a counter (OPERATIONS, metrics). */
export const count = <Name extends keyof typeof counters>(name: Name, labels: LabelsOf<Name>): Effect.Effect<void> =>
  Effect.map(makeMeter, (meter) => meter.count(name, labels))

/** One value of a gauge. */
export type Reading = readonly [labels: Labels, value: number | boolean]

/**
 * Replaces every series of a gauge with the values now: a removed channel leaves no series behind. Channels that
 * share a label are added up.
 */
export const setAll = Effect.fnUntraced(function*(name: keyof typeof gauges, readings: ReadonlyArray<Reading>) {
  const registry = yield* Metric.MetricRegistry
  for (const [key, { id }] of registry) if (id === gauges[name].id) registry.delete(key)
  const labelOf = yield* ChannelLabel
  for (const [labels, value] of readings) {
    yield* Metric.modify(Metric.withAttributes(gauges[name], attributesOf(labels, labelOf)), Number(value))
  }
})

/** Sets the one value of a gauge without labels. */
export const set = (name: keyof typeof gauges, value: number | boolean): Effect.Effect<void> =>
  setAll(name, [[{}, value]])

/** A counter's sum over all its labels, as `/health` shows it. */
export const total = (name: keyof typeof counters): Effect.Effect<number> => {
  const { id } = counters[name]
  return Effect.map(Metric.snapshot, (all) =>
    all.reduce(
      (sum, snapshot) => snapshot.type === "Counter" && snapshot.id === id ? sum + Number(snapshot.state.count) : sum,
      0
    ))
}
