/**
 * How far the kernel has come with the exact picture, beside the words that say it is an estimate.
 *
 * Invariant: it is there while something on screen is an estimate and the kernel is at work on it, and not else.
 */

import type { Channel } from "./channel";
import { element } from "./dom";
import type { Scope } from "./scope";

export class Progress {
  readonly root = element("span", {
    class: "sw-progress",
    title: "How much of the exact picture has been computed",
    hidden: true,
  });
  private share: number | null = null;
  private estimated = false;

  constructor(channel: Channel, scope: Scope) {
    channel.on(
      "progress",
      ({ done, total }) => {
        this.share = total > 0 && done < total ? done / total : null;
        this.show();
      },
      scope,
    );
  }

  /** Whether what is on screen is an estimate. */
  update(estimated: boolean): void {
    if (estimated === this.estimated) return;
    this.estimated = estimated;
    this.show();
  }

  private show(): void {
    const hidden = this.share === null || !this.estimated;
    const text = hidden ? "" : percent(this.share ?? 0);
    if (this.root.textContent !== text) this.root.textContent = text;
    if (this.root.hidden !== hidden) this.root.hidden = hidden;
  }
}

/** Never "100 %" before it is done. */
export const percent = (share: number): string =>
  `${Math.min(99, Math.max(0, Math.floor(100 * share)))} %`;
