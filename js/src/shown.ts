/** Which annotations are drawn, hit and listed: those that nothing hides. Pure. */

import type { Row } from "./protocol";

export interface Hidden {
  readonly labels: readonly string[];
  readonly tiers: readonly string[];
  /** Predictions with a lower score are hidden; null hides none. */
  readonly below: number | null;
}

/** Says of a row whether it is shown; null where nothing is hidden. */
export function shownBy({ labels, tiers, below }: Hidden): ((row: Row) => boolean) | null {
  if (labels.length === 0 && tiers.length === 0 && below === null) return null;
  const hiddenLabels = new Set(labels);
  const hiddenTiers = new Set(tiers);
  return ({ label, tier, score }) =>
    !hiddenLabels.has(label) &&
    !hiddenTiers.has(tier) &&
    (below === null || score === null || score >= below);
}
