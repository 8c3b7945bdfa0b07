import type { Html } from "../../page/page.ts";
import type { PositionAxis } from "./position-axis.ts";
import type { ValueSeries } from "../series.ts";

/** Where marks are drawn. */
interface Drawing {
  readonly chartId: string;
  readonly axis: PositionAxis;
  /** In pixels. */
  readonly height: number;
  readonly y: (value: number) => number;
}

/** A way to draw series over positions. */
export interface Marks {
  /** The largest value, which has to fit below the top of the value axis. */
  largest(series: readonly ValueSeries[], positions: number): number;
  render(series: readonly ValueSeries[], drawing: Drawing): Html;
}
