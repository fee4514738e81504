/**
 * The runs of assistants, as the kernel tells of them; shared by the views of a model.
 *
 * Invariant: of each assistant the last word of the kernel is known. Without a kernel nothing runs.
 */

import { type Channel, DisconnectedError, KernelError } from "./channel";
import { type AssistState, assistCancel, assistRun, type OneChannel } from "./protocol";
import { Listeners, type Scope } from "./scope";

export interface Task {
  readonly name: string;
  /** Seconds; null: the whole recording. */
  readonly span: readonly [number, number] | null;
  readonly channel: OneChannel;
  /** The selected annotations. */
  readonly ids: readonly string[];
}

export type Run = Pick<AssistState, "name" | "state" | "done" | "total" | "text" | "n">;

export class Assisting {
  private readonly states = new Map<string, Run>();
  private readonly listeners = new Listeners<[Run]>();

  constructor(
    private readonly channel: Channel,
    scope: Scope,
  ) {
    channel.on("assist.state", (state) => this.note(state), scope);
    channel.onState((state) => {
      if (state === "connected") return;
      for (const run of this.running) this.note({ ...run, state: "cancelled" });
    }, scope);
  }

  /** Told of every state. */
  onChange(listener: (run: Run) => void, scope: Scope): void {
    this.listeners.add(listener, scope);
  }

  get(name: string): Run | undefined {
    return this.states.get(name);
  }

  get running(): readonly Run[] {
    return [...this.states.values()].filter(({ state }) => state === "running");
  }

  /** What the kernel refuses is a run that failed. */
  async start({ name, span, channel, ids }: Task): Promise<void> {
    try {
      await this.channel.request(assistRun(name, span, channel, ids));
    } catch (error) {
      if (!(error instanceof KernelError || error instanceof DisconnectedError)) throw error;
      this.note({ name, state: "failed", done: 0, total: 0, text: error.message, n: 0 });
    }
  }

  cancel(name: string): void {
    this.channel.notify(assistCancel(name));
  }

  private note(run: Run): void {
    this.states.set(run.name, run);
    this.listeners.tell(run);
  }
}

/** How far runs have come together, 0 to 1; null: there are none. */
export function shareOf(runs: readonly Run[]): number | null {
  if (runs.length === 0) return null;
  const total = runs.reduce((sum, run) => sum + run.total, 0);
  const done = runs.reduce((sum, run) => sum + run.done, 0);
  return total > 0 ? done / total : 0;
}
