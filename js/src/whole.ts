/**
 * Fetches all of a short recording, what is seen of it and what is heard, when there is nothing else to do:
 * while the kernel is busy, only what is here can be shown and played.
 *
 * Invariant: nothing is asked for before something is shown, nor while the kernel is busy; and what
 * the kernel sends of its own accord is given the time to come.
 */

import type { Channel } from "./channel";
import type { Player } from "./player";
import { layerOf, tilesOver } from "./pyramid";
import type { Cleanup, Scope } from "./scope";
import type { TileStore } from "./tiles";
import type { Traits } from "./traits";
import type { ChannelId, Info, TileKey } from "./types";

/** Milliseconds without news. */
const QUIET = 500;

type Shown = "all" | "mix" | number;

/** All tiles of what is shown, coarse ones first; none of a long recording. */
export function wholeKeys(info: Info, shown: Shown): TileKey[] {
  const { spectrogram, waveform, n_channels, whole } = info;
  if (!whole.includes("picture")) return [];
  const all = Array.from({ length: n_channels }, (_, channel) => String(channel));
  const channels: ChannelId[] = shown === "all" || n_channels === 1 ? all : [String(shown)];
  const waves = (levels: readonly number[], ids: readonly ChannelId[]) =>
    [...levels].reverse().flatMap((level) =>
      ids.flatMap((id) => {
        return tilesOver(waveform, layerOf(waveform, id), level, 0, waveform.n_samples);
      }),
    );
  const specs = Array.from({ length: spectrogram.levels }, (_, i) => spectrogram.levels - 1 - i);
  return [
    ...waves(
      waveform.levels.filter((level) => level > 0),
      channels.length > 1 ? [...channels, "mix"] : channels,
    ),
    ...specs.flatMap((level) =>
      channels.flatMap((id) => {
        return tilesOver(spectrogram, layerOf(spectrogram, id), level, 0, spectrogram.n_frames);
      }),
    ),
    ...(whole.includes("samples") ? waves([0], channels) : []),
  ];
}

export interface WholeParts {
  readonly channel: Channel;
  readonly tiles: TileStore;
  readonly player: Player;
  readonly traits: Pick<Traits, "get" | "on">;
}

export class Whole {
  readonly #parts: WholeParts;
  readonly #scope: Scope;
  #stop: Cleanup = () => {};

  constructor(parts: WholeParts, scope: Scope) {
    this.#parts = parts;
    this.#scope = scope;
    const news = () => this.#later();
    parts.tiles.onChange(news, scope);
    parts.traits.on(["channel"], news, scope);
    parts.channel.onBusy(news, scope);
    parts.player.onChange(news, scope);
  }

  #later(): void {
    if (this.#parts.tiles.stats.received === 0) return;
    this.#stop();
    this.#stop = this.#scope.timeout(() => this.#fetch(), QUIET);
  }

  #fetch(): void {
    const { channel, tiles, player, traits } = this.#parts;
    if (channel.busy || channel.state === "disconnected") return;
    const info = traits.get("_info");
    const shown = traits.get("channel");
    const keys = wholeKeys(info, shown);
    tiles.want(this, { needed: [], ahead: keys });
    const complete = keys.length > 0 && keys.every((key) => tiles.has(key));
    if (complete && info.whole.includes("sound")) player.load(shown);
  }
}
