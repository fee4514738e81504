/** How things stand, in one line for the status bar: the worst first. Invariant: asks, and changes nothing. */

import type { Editing } from "./editing";
import type { Listening } from "./listening";
import type { Session } from "./session";
import type { Stage } from "./stage";

export type Level = "info" | "warning" | "error";

export interface Standing {
  readonly text: string;
  readonly level: Level;
}

const counted = (n: number, one: string, many: string) => `${n} ${n === 1 ? one : many}`;

/** The cell, run again, begins with what it says; what only this view still shows would be gone. */
const lost = (annotations: number) =>
  annotations === 0
    ? "No kernel: run the cell again"
    : `No kernel. ${counted(annotations, "annotation", "annotations")} shown here will be gone ` +
      "when the cell is run again";

/** What of this view waits for the kernel, while that runs something else. */
function busy({ player, regions }: Session, stage: Stage): string {
  const waiting = [
    regions.pending > 0 && counted(regions.pending, "change waits", "changes wait"),
    player.state === "waiting" && "sound not loaded yet",
    stage.result.missing > 0 && "picture not fully loaded",
    !regions.ready && "annotations not loaded yet",
  ].filter((part) => part !== false);
  return `The kernel is busy${waiting.length > 0 ? `: ${waiting.join(", ")}` : ""}`;
}

export function standing(
  session: Session,
  stage: Stage,
  editing: Editing,
  listening: Listening,
  /** Whether an annotation was begun by a key, and has no end yet. */
  begun = false,
): Standing {
  const { channel, player, regions, tiles, traits } = session;
  const notice = traits.get("_notice");
  const error = (text: string): Standing => ({ text, level: "error" });
  const info = (text: string): Standing => ({ text, level: "info" });
  const warning = (text: string): Standing => ({ text, level: "warning" });

  if (channel.state === "disconnected") return error(lost(regions.rows().length));
  if (editing.refusal) return error(editing.refusal);
  if (begun) return info("Begun; press the key again where it ends, or Escape");
  if (notice?.level === "error") return error(notice.text);
  if (tiles.problem) return error(tiles.problem);
  if (listening.problem) return error(listening.problem);
  if (channel.busy) return warning(busy(session, stage));
  if (player.state === "blocked") return warning("Click to allow sound");
  if (player.state === "waiting") return info("Waiting for sound");
  if (!regions.ready || stage.result.missing > 0) return info("Loading");
  if (stage.result.estimated) return info("Estimate; the exact picture is on its way");
  if (notice) return warning(notice.text);
  if (regions.rows().length === 0) return info("Drag on the picture to mark something");
  const selected = editing.selected().length;
  const all = counted(regions.rows().length, "annotation", "annotations");
  return info(selected ? `${selected} of ${all} selected` : all);
}
