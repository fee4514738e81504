/**
 * What belongs to one model, however many views show it: channel, tiles, annotations, player.
 *
 * Invariant: made synchronously in `initialize`, and ended with the model; views only borrow it.
 */

import type { AnyModel } from "@anywidget/types";
import { Assisting } from "./assisting";
import { type Channel, type ChannelModel, modelChannel } from "./channel";
import { memo } from "./memo";
import { Player } from "./player";
import type { Row } from "./protocol";
import { RegionStore } from "./regions";
import { Listeners, Scope } from "./scope";
import { shownBy } from "./shown";
import { TileStore } from "./tiles";
import { Traits } from "./traits";
import { Whole } from "./whole";
import { coarsest, shownChannels } from "./wishes";

export class Session {
  readonly scope = new Scope();
  readonly traits: Traits;
  readonly channel: Channel;
  readonly tiles: TileStore;
  readonly regions: RegionStore;
  readonly player: Player;
  readonly assisting: Assisting;
  private label = "";
  private readonly labelChanged = new Listeners<[]>();
  private readonly shownNow = memo(
    (labels: readonly string[], tiers: readonly string[], below: number | null) =>
      shownBy({ labels, tiers, below }),
  );

  constructor(model: AnyModel) {
    const { scope } = this;
    this.traits = new Traits(model);
    this.channel = modelChannel(model as unknown as ChannelModel, scope);
    this.tiles = new TileStore(this.channel, scope);
    this.regions = new RegionStore(this.channel, scope);
    this.assisting = new Assisting(this.channel, scope);
    this.player = new Player(this.channel, this.traits.get("_info"), scope);
    this.player.setLoop(this.traits.get("loop"));
    this.player.seek(this.traits.get("position"));
    new Whole(this, scope);
    this.takeInfo();
    this.askEarly();
    this.traits.on(["_info"], () => this.takeInfo(), scope);
    this.traits.on(["loop"], () => this.player.setLoop(this.traits.get("loop")), scope);
    this.traits.on(["position"], () => this.takePosition(), scope);
    this.player.onChange(() => this.settlePosition(), scope);
  }

  /** The label that a new annotation gets; "" for none. */
  get activeLabel(): string {
    return this.label;
  }

  chooseLabel(name: string): void {
    this.label = name;
    this.labelChanged.tell();
  }

  onActiveLabel(listener: () => void, scope: Scope): void {
    this.labelChanged.add(listener, scope);
  }

  /** Says of a row whether it is shown; null where nothing is hidden. */
  get isShown(): ((row: Row) => boolean) | null {
    const { traits } = this;
    const [labels, tiers] = [traits.get("hidden_labels"), traits.get("hidden_tiers")];
    return this.shownNow(labels, tiers, traits.get("min_score"));
  }

  /** The annotations that a person can see, and so may mean. */
  shown(rows: readonly Row[] = this.regions.rows()): readonly Row[] {
    const { isShown } = this;
    return isShown ? rows.filter(isShown) : rows;
  }

  seek(time: number): void {
    this.player.seek(time);
    this.traits.set({ position: time });
  }

  dispose(): void {
    this.scope.dispose();
  }

  /** The host takes its time to render: what every view begins with is asked for before there is one. */
  private askEarly(): void {
    const info = this.traits.get("_info");
    const channels = shownChannels(info, this.traits.get("channel"));
    this.tiles.want(this, { needed: coarsest(info, channels), ahead: [] });
  }

  /** A view has told what it wants. */
  rendered(): void {
    this.tiles.release(this);
  }

  private takeInfo(): void {
    const info = this.traits.get("_info");
    this.tiles.setEpoch(info.epoch, info.spectrogram.n_bins);
    this.player.setInfo(info);
  }

  /** Python, or a view, moved the position; while sound plays the player knows better. */
  private takePosition(): void {
    const position = this.traits.get("position");
    if (position !== this.player.position) this.player.seek(position);
  }

  private settlePosition(): void {
    if (!this.player.playing) this.traits.set({ position: this.player.position });
  }
}
