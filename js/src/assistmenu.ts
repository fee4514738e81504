/**
 * The panel of assistants: run and cancel them, and accept or reject many of their drafts at once.
 *
 * Invariant: it hangs over the picture and moves nothing; it shows what it is told, and is brought up to
 * date only while it is open, but for the button, which tells how far the runs are.
 */

import { type Assisting, type Run, shareOf, type Task } from "./assisting";
import { element, iconButton } from "./dom";
import { type Drafts, draftsOf, judged } from "./drafts";
import { percent } from "./progress";
import type { OneChannel, Op, Row } from "./protocol";
import type { Scope } from "./scope";
import type { Assistant } from "./types";

export type Where = "view" | "selection" | "recording";

export interface AssistSituation {
  readonly assistants: readonly Assistant[];
  readonly selected: readonly string[];
  /** Of what is selected; null: it has no length. */
  readonly selection: readonly [number, number] | null;
  readonly view: readonly [number, number];
  readonly channel: OneChannel;
  readonly rows: readonly Row[];
}

export interface AssistHost {
  situation(): AssistSituation;
  edit(ops: readonly Op[]): void;
  /** Where it is said that a run has failed. */
  refuse(reason: string): void;
}

interface Entry {
  readonly root: HTMLElement;
  readonly run: HTMLButtonElement;
  readonly cancel: HTMLButtonElement;
  readonly bar: HTMLProgressElement;
  readonly state: HTMLElement;
}

/** "find_sounds" as people read it. */
export const readable = (name: string): string => name.replaceAll("_", " ");

/** How a run stands, in words. */
export function stateText({ state, done, total, text, n }: Run): string {
  if (state === "running") {
    const share = percent(total > 0 ? done / total : 0);
    return text ? `${share} · ${text}` : share;
  }
  if (state === "failed") return text || "Failed";
  if (state === "cancelled") return "Cancelled";
  return n === 0 ? "Nothing found" : `${n} ${n === 1 ? "draft" : "drafts"} found`;
}

export class AssistMenu {
  readonly button = iconButton("assist", "Assistants");
  private readonly panel = element("div", {
    class: "sw-popover sw-assist",
    role: "group",
    "aria-label": "Assistants",
  });
  readonly root = element("div", { class: "sw-drop", hidden: true }, this.panel);
  private readonly where = element("select", { class: "sw-select", "aria-label": "Look through" });
  private readonly list = element("div", { class: "sw-assistants" });
  private readonly score = element("input", {
    type: "number",
    class: "sw-input",
    min: 0,
    max: 1,
    step: 0.05,
    placeholder: "any",
  });
  private readonly count = element("span", { role: "status" });
  private readonly accept = element("button", { type: "button", class: "sw-text-button" });
  private readonly reject = element("button", { type: "button", class: "sw-text-button" });
  private readonly entries = new Map<string, Entry>();
  private listed: readonly Assistant[] | null = null;
  private entriesScope: Scope | null = null;
  private drafts: Drafts = draftsOf([], null);
  private counted: readonly [readonly Row[], number | null] | null = null;

  constructor(
    private readonly runs: Assisting,
    private readonly host: AssistHost,
    private readonly scope: Scope,
  ) {
    for (const [value, text] of [
      ["view", "the visible window"],
      ["selection", "the selection"],
      ["recording", "the whole recording"],
    ] as const) {
      this.where.append(element("option", { value }, text));
    }
    this.button.setAttribute("aria-expanded", "false");
    this.panel.append(
      element("label", { class: "sw-line" }, "Look through ", this.where),
      this.list,
      element(
        "div",
        { class: "sw-line sw-drafts" },
        this.count,
        element("label", {}, "score from ", this.score),
        this.accept,
        this.reject,
      ),
    );
    scope.listen(this.button, "click", () => this.toggle());
    scope.listen(this.score, "input", () => this.update());
    scope.listen(this.accept, "click", () => this.judge(this.drafts.accepted, "accepted"));
    scope.listen(this.reject, "click", () => this.judge(this.drafts.rejected, "rejected"));
    runs.onChange((run) => this.tell(run), scope);
    this.showRuns();
  }

  toggle(): void {
    this.root.hidden = !this.root.hidden;
    this.button.setAttribute("aria-expanded", String(!this.root.hidden));
    this.update();
  }

  /** Says whether there was something to close. */
  close(): boolean {
    if (this.root.hidden) return false;
    this.toggle();
    return true;
  }

  update(): void {
    if (this.root.hidden) return;
    const { assistants, selected, selection, rows } = this.host.situation();
    this.fill(assistants);
    const [, selectionOption] = this.where.options;
    if (selectionOption) selectionOption.disabled = selection === null;
    if (selection === null && this.where.value === "selection") this.where.value = "view";
    for (const { name, needs } of assistants) {
      const entry = this.entries.get(name);
      if (!entry) continue;
      const lacks = needs === "selection" && selected.length === 0;
      entry.run.setAttribute("aria-disabled", String(lacks));
      entry.run.title = lacks ? "Select an annotation first" : "";
      this.showRun(entry, this.runs.get(name));
    }
    this.countDrafts(rows);
  }

  private fill(assistants: readonly Assistant[]): void {
    if (assistants === this.listed) return;
    this.listed = assistants;
    this.entriesScope?.dispose();
    this.entriesScope = this.scope.child();
    this.entries.clear();
    for (const assistant of assistants) {
      this.entries.set(assistant.name, this.entry(assistant, this.entriesScope));
    }
    const none = element("p", {}, "There are none: w.assistants[name] = f adds one.");
    const roots = [...this.entries.values()].map(({ root }) => root);
    this.list.replaceChildren(...(roots.length > 0 ? roots : [none]));
  }

  private entry({ name, doc }: Assistant, scope: Scope): Entry {
    const title = readable(name);
    const run = element(
      "button",
      { type: "button", class: "sw-text-button", "aria-label": `Run ${title}` },
      "Run",
    );
    const cancel = element(
      "button",
      { type: "button", class: "sw-text-button", "aria-label": `Cancel ${title}`, hidden: true },
      "Cancel",
    );
    const bar = element("progress", { max: 1, value: 0, "aria-label": title, hidden: true });
    const state = element("span", { class: "sw-run-state", role: "status" });
    const root = element(
      "div",
      { class: "sw-assistant" },
      element("span", { class: "sw-assist-name" }, title),
      run,
      cancel,
      element("span", { class: "sw-assist-doc" }, doc),
      bar,
      state,
    );
    scope.listen(run, "click", () => {
      if (run.getAttribute("aria-disabled") !== "true") void this.runs.start(this.task(name));
    });
    scope.listen(cancel, "click", () => this.runs.cancel(name));
    return { root, run, cancel, bar, state };
  }

  private task(name: string): Task {
    const { selected, selection, view, channel } = this.host.situation();
    const where = this.where.value as Where;
    const span = where === "recording" ? null : where === "selection" ? selection : view;
    return { name, span, channel, ids: selected };
  }

  private tell(run: Run): void {
    this.showRuns();
    const entry = this.entries.get(run.name);
    if (entry && !this.root.hidden) this.showRun(entry, run);
    else if (run.state === "failed") this.host.refuse(`${readable(run.name)}: ${run.text}`);
  }

  private showRun({ run, cancel, bar, state }: Entry, now: Run | undefined): void {
    const running = now?.state === "running";
    // A button that has the focus hands it to the one that takes its place.
    const focused = (running ? run : cancel).matches(":focus");
    run.hidden = running;
    cancel.hidden = !running;
    bar.hidden = !running;
    if (focused) (running ? cancel : run).focus();
    if (running) bar.value = now.total > 0 ? now.done / now.total : 0;
    const text = now ? stateText(now) : "";
    if (state.textContent !== text) state.textContent = text;
    state.dataset["state"] = now?.state ?? "";
  }

  private showRuns(): void {
    const { running } = this.runs;
    const share = shareOf(running);
    const text =
      share === null
        ? "Assistants"
        : `Assistants: ${running.map(({ name }) => readable(name)).join(", ")}, ${percent(share)}`;
    this.button.title = text;
    this.button.setAttribute("aria-label", text);
    this.button.toggleAttribute("data-running", share !== null);
    this.button.style.setProperty("--sw-share", String(share ?? 0));
  }

  private countDrafts(rows: readonly Row[]): void {
    const score = this.score.value === "" ? null : this.score.valueAsNumber;
    const seen = Number.isNaN(score) ? null : score;
    if (this.counted?.[0] === rows && this.counted[1] === seen) return;
    this.counted = [rows, seen];
    this.drafts = draftsOf(rows, seen);
    const { all, accepted, rejected } = this.drafts;
    this.count.textContent =
      all.length === 0 ? "No drafts" : `${all.length} ${all.length === 1 ? "draft" : "drafts"}`;
    for (const [button, verb, found] of [
      [this.accept, "Accept", accepted],
      [this.reject, "Reject", rejected],
    ] as const) {
      button.textContent = `${verb} ${found.length}`;
      button.setAttribute("aria-disabled", String(found.length === 0));
    }
  }

  private judge(rows: readonly Row[], status: "accepted" | "rejected"): void {
    if (rows.length > 0) this.host.edit(judged(rows, status));
  }
}
