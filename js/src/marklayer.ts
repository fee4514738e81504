/**
 * The layer over the picture: lines of values, annotations, axes, and the window on the overview strip.
 *
 * Invariant: what lies beside the panes is painted only when it has changed; the rest when it is asked for.
 */

import { type AxisState, paintSides, paintTimeAxis } from "./axes";
import { type Damage, paintDamage } from "./damage";
import type { Scene } from "./hit";
import { paintLayerNames, paintLayerSides } from "./layerpanes";
import type { Mark } from "./marks";
import { paintMarks, paintOverview } from "./overlay";
import type { SeriesAxis } from "./seriesaxes";
import { paintSeries } from "./seriespaint";
import type { Theme } from "./theme";
import type { Layer } from "./types";

export interface MarkLayerState {
  readonly scene: Scene;
  readonly marks: readonly Mark[];
  /** Of these, and others, what is being drawn or moved. */
  readonly previews: readonly Mark[];
  readonly damage: readonly Damage[];
  readonly series: readonly SeriesAxis[];
  readonly axes: AxisState;
  readonly layers: readonly Layer[];
  readonly theme: Theme;
  readonly ratio: number;
}

export class MarkLayer {
  private sides: readonly unknown[] = [];
  private damage: readonly Damage[] = [];

  constructor(private readonly g: CanvasRenderingContext2D) {}

  /** Nothing of what was painted is there any more. */
  clear(): void {
    this.sides = [];
  }

  /** `moved`: whether anything but sides and damage may have changed. */
  paint(moved: boolean, state: MarkLayerState): void {
    const { g } = this;
    const { scene, axes, damage, layers, theme, ratio } = state;
    const { layout } = scene;
    g.setTransform(ratio, 0, 0, ratio, 0, 0);
    const sides = [layout, theme, layers, ...Object.values(axes).flat()];
    const { x: left, width } = layout.plot;
    const bottom = layout.timeAxis.y;
    const anew = sides.length !== this.sides.length || sides.some((s, i) => s !== this.sides[i]);
    if (anew) {
      this.sides = sides;
      g.clearRect(0, 0, left, bottom);
      g.clearRect(left + width, 0, layout.width - left - width, bottom);
      paintSides(g, scene, axes, theme);
      paintLayerSides(g, layout.layers, layers, theme);
    }
    if (!moved && !anew && damage === this.damage) return;
    this.damage = damage;
    g.clearRect(left, 0, width, bottom);
    g.clearRect(0, bottom, layout.width, layout.height - bottom);
    paintDamage(g, scene, damage, theme);
    paintSeries(g, scene, state.series, theme);
    paintMarks(g, scene, state.marks, theme);
    paintLayerNames(g, layout.layers, layers, theme);
    paintOverview(g, scene, state.previews, theme);
    paintTimeAxis(g, scene, theme);
  }
}
