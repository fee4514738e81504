/**
 * The line below the picture: what is under the pointer, and how things stand.
 *
 * Invariant: the reading on the left is silent; what a person must know is announced once, on the
 * right, and stays until it is no longer so.
 */

import { element } from "./dom";
import type { Standing } from "./standing";

export class Status {
  private readonly reading = element("span", { class: "sw-reading" });
  private readonly state = element("span", { class: "sw-state", role: "status" });
  readonly root = element("div", { class: "sw-status" }, this.reading, this.state);

  read(text: string): void {
    if (this.reading.textContent !== text) this.reading.textContent = text;
  }

  say({ text, level }: Standing): void {
    if (this.state.textContent !== text) this.state.textContent = text;
    this.state.dataset["level"] = level;
    this.state.title = text;
  }
}
