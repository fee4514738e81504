/**
 * What the play button and the space bar play, from one view.
 *
 * Invariant: a selection is played before anything else, then what is in sight; `problem` says why
 * there was no sound, until sound is asked for again.
 */

import type { Editing } from "./editing";
import type { Scope } from "./scope";
import type { Session } from "./session";
import type { Stage } from "./stage";

/** A point has no length: what is heard is the sound around it, so many seconds to each side. */
const AROUND = 0.25;
/** So near the end, in seconds, play begins again. */
const AT_THE_END = 1e-3;

export class Listening {
  problem: string | null = null;

  constructor(
    private readonly session: Session,
    private readonly stage: Stage,
    private readonly editing: Editing,
    scope: Scope,
    changed: () => void,
  ) {
    session.player.onError((message) => {
      this.problem = message;
      changed();
    }, scope);
  }

  seek(time: number): void {
    const { duration } = this.session.traits.get("_info");
    this.session.seek(Math.min(duration, Math.max(0, time)));
  }

  toggle(): void {
    const { player } = this.session;
    if (player.playing) return player.pause();
    const { start, end, from } = this.next();
    this.play(start, end, from);
  }

  /** Has what would be played now at hand. */
  prepare(): void {
    this.session.player.prepare(this.next().from, this.session.traits.get("channel"));
  }

  private next(): { start: number; end: number; from: number } {
    const { player, traits } = this.session;
    const { duration } = traits.get("_info");
    const { t0, t1 } = this.stage.viewport;
    const { position } = player;
    const span = this.editing.selectedSpan();
    const within = (start: number, end: number) => position >= start && position < end - AT_THE_END;
    if (span) {
      const point = span.end <= span.start;
      const start = point ? Math.max(0, span.start - AROUND) : span.start;
      const end = point ? Math.min(duration, span.end + AROUND) : span.end;
      return { start, end, from: within(start, end) ? position : start };
    }
    const [start, end] = traits.get("loop") ? [t0, t1] : [0, duration];
    return { start, end, from: within(t0, t1) ? position : t0 };
  }

  playWindow(): void {
    const { t0, t1 } = this.stage.viewport;
    this.play(t0, t1, t0);
  }

  private play(start: number, end: number, from: number): void {
    this.problem = null;
    const { traits, player } = this.session;
    player.play({ start, end, from, loop: traits.get("loop"), channel: traits.get("channel") });
  }
}
