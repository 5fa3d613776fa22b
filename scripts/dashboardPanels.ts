import { PanelBuilder as BarGauge } from "@grafana/grafana-foundation-sdk/bargauge"
import {
  BarGaugeDisplayMode,
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  GraphGradientMode,
  LegendDisplayMode,
  LegendPlacement,
  LineInterpolation,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder
} from "@grafana/grafana-foundation-sdk/common"
import {
  MappingType,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode
} from "@grafana/grafana-foundation-sdk/dashboard"
import { DataqueryBuilder } from "@grafana/grafana-foundation-sdk/prometheus"
import { PanelBuilder as Stat } from "@grafana/grafana-foundation-sdk/stat"
import { PanelBuilder as TimeSeries } from "@grafana/grafana-foundation-sdk/timeseries"

/** The Prometheus that is chosen on the page. */
export const datasource = { type: "prometheus", uid: "$datasource" }

/** What every panel has; a row is 24 wide. */
export interface Shown {
  readonly title: string
  readonly description: string
  readonly width: number
}

/** An expression and how its lines are called. */
export type Target = readonly [expr: string, legend: string]

const query = ([expr, legend]: Target, index = 0): DataqueryBuilder =>
  new DataqueryBuilder().datasource(datasource).expr(expr).legendFormat(legend)
    .refId(String.fromCharCode("A".charCodeAt(0) + index))

/** Colours by value: each from there on. */
export const steps = (...all: ReadonlyArray<readonly [from: number | null, color: string]>): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute)
    .steps(all.map(([value, color]): Threshold => ({ value, color })))

/** One number as it is now. */
export const number = ({ description, title, width }: Shown, ...target: Target): Stat =>
  new Stat().title(title).description(description).datasource(datasource).height(4).span(width)
    .unit("short").noValue("–").colorMode(BigValueColorMode.Value).graphMode(BigValueGraphMode.None)
    .thresholds(steps([null, "text"]))
    .withTarget(query(target).instant())

/** One of two states, in a word and a colour. */
export const state = (
  shown: Shown,
  words: { readonly bad: string; readonly good: string },
  ...target: Target
): Stat =>
  number(shown, ...target)
    .colorMode(BigValueColorMode.Background)
    .thresholds(steps([null, "red"], [1, "green"]))
    .mappings([{
      type: MappingType.ValueToText,
      options: { "0": { text: words.bad, color: "red", index: 0 }, "1": { text: words.good, color: "green", index: 1 } }
    }])

/** Values over time, in Grafana's unit. */
export const lines = (
  { description, title, width }: Shown,
  unit: "s" | "short",
  ...targets: ReadonlyArray<Target>
): TimeSeries => {
  const legend = new VizLegendOptionsBuilder().displayMode(LegendDisplayMode.List).placement(LegendPlacement.Bottom)
  const panel = new TimeSeries().title(title).description(description).datasource(datasource).height(8).span(width)
    .unit(unit).min(0).lineWidth(2).fillOpacity(12).gradientMode(GraphGradientMode.Opacity)
    .lineInterpolation(LineInterpolation.Smooth).showPoints(VisibilityMode.Never)
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
    .legend(legend.showLegend(true))
  for (const [index, target] of targets.entries()) panel.withTarget(query(target, index))
  return panel
}

/** What adds up, one on the other. */
export const bars = (shown: Shown, ...targets: ReadonlyArray<Target>): TimeSeries =>
  lines(shown, "short", ...targets).drawStyle(GraphDrawStyle.Bars).fillOpacity(70).lineWidth(0)
    .gradientMode(GraphGradientMode.None).stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group("A"))

/** What is left of a limit, room by room: red when nothing is. */
export const left = ({ description, title, width }: Shown, max: number, ...target: Target): BarGauge =>
  new BarGauge().title(title).description(description).datasource(datasource).height(8).span(width)
    .unit("short").min(0).max(max).orientation(VizOrientation.Horizontal).displayMode(BarGaugeDisplayMode.Gradient)
    .thresholds(steps([null, "red"], [1, "orange"], [2, "green"])).noValue("no limit")
    .withTarget(query(target).instant())
