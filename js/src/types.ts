// The shapes that travel from the kernel (names exactly as on the wire) and those the pure modules share.
// Everything is readonly: a new info, viewport or tile is a new object, never a changed one.

/** How frequency is laid out from bottom to top. */
export type FreqAxis = "linear" | "log" | "mel";

/** "0", "1", ... or "mix" (the mean over the channels). */
export type ChannelId = string;

/**
 * Bin b is centred at b * step Hz, or at hz[b]; or it is no frequency, but a row of its own: then it reaches from b to
 * b + 1 on the axis, which is even.
 */
export type Bins =
  | { readonly kind: "linear"; readonly step: number }
  | { readonly kind: "list"; readonly hz: readonly number[] }
  | {
      readonly kind: "index";
      /** What a row is called, such as "coefficient". */
      readonly label: string;
      readonly names?: readonly string[] | null;
    };

/** Frame f is centred at sample f * hop_length. Level k holds 2^k frames in a column; `levels` is their number. */
export interface SpectrogramInfo {
  readonly kind: "spectrogram";
  readonly n_frames: number;
  readonly hop_length: number;
  readonly n_fft: number;
  readonly sr: number;
  readonly n_bins: number;
  readonly bins: Bins;
  /** The values, dB or not, that the bytes 0 and 255 stand for. */
  readonly range_db: readonly [number, number];
  /** What values are called, and their unit; "dB" where nothing is said. */
  readonly value_name?: string;
  readonly unit?: string;
  readonly full_scale_db: number;
  /** Whether values are dB with a reference. */
  readonly ref_applies?: boolean;
  readonly tile_columns: number;
  readonly levels: number;
}

/** `levels` are exponents: level k holds 2^k samples in a column, level 0 the samples themselves. */
export interface WaveformInfo {
  readonly kind: "waveform";
  readonly n_samples: number;
  readonly sr: number;
  readonly levels: readonly number[];
  /** Samples in a tile of level 0. */
  readonly sample_columns: number;
  /** Columns in a tile of any other level. */
  readonly columns: number;
}

/** The `_info` trait. */
export interface Info {
  readonly protocol: number;
  readonly epoch: number;
  readonly name: string;
  readonly sr: number;
  readonly n_samples: number;
  readonly n_channels: number;
  readonly duration: number;
  readonly spectrogram: SpectrogramInfo;
  readonly waveform: WaveformInfo;
  readonly freq_min: number;
  readonly freq_max: number;
  /** What of it is few enough bytes to be fetched whole; "samples" are the waveform's level 0. */
  readonly whole: readonly ("picture" | "samples" | "sound")[];
  /** [start, end, reason] of what cannot be read or trusted, in seconds; damage.ts reads it. */
  readonly damage?: unknown;
  /** A range that shows this recording well, in dB below a full-scale sine. */
  readonly db_range: readonly [number, number];
}

/** One entry of the `_layers` trait: tiles under `<id>/<channel>`, a pane of its own. */
export interface Layer {
  /** "layer0", "layer1", ... */
  readonly id: string;
  readonly name: string;
  readonly info: SpectrogramInfo;
  /** A range of values that shows it well. */
  readonly limits: readonly [number, number];
  /** null: that of the widget. */
  readonly colormap: string | null;
}

/** One entry of the `_overlays` trait: a line over the picture, asked for by `series.get`. */
export interface OverlayLine {
  /** "o<overlay>.<line>"; another one where the values may be others. */
  readonly id: string;
  /** Lines of one overlay share an axis. */
  readonly overlay: string;
  readonly name: string;
  readonly unit: string;
  /** "#rrggbb", or null: choose one. */
  readonly color: string | null;
  /** The ends of its axis; null: fit it to what is in view. */
  readonly limits: readonly [number, number] | null;
  /** "frequency": values are Hz, on the axis of the spectrogram. */
  readonly axis: "own" | "frequency";
}

/** One entry of the `_assistants` trait. */
export interface Assistant {
  readonly name: string;
  /** A sentence on what it does, or "". */
  readonly doc: string;
  /** What must be selected before it can be run. */
  readonly needs: "selection" | null;
}

/** One entry of the `_labels` trait. */
export interface Label {
  readonly name: string;
  /** "#rrggbb" */
  readonly color: string;
  /** One letter, in lower case, or digit; or null. */
  readonly key: string | null;
  /** The heading under which it is shown, or null. */
  readonly group?: string | null;
}

/** layer is "spec/<channel>", "wave/<channel>" or "layer<k>/<channel>". */
export interface TileKey {
  readonly layer: string;
  readonly level: number;
  readonly index: number;
}

/** data[bin * columns + column], bin 0 lowest; 0..255 over the info's range_db. */
export interface SpecTile {
  readonly kind: "spectrogram";
  readonly data: Uint8Array;
  readonly columns: number;
  readonly exact: boolean;
}

/** Level 0: data[sample]. Others: data[row * columns + column], rows minimum, maximum, root mean square. */
export interface WaveTile {
  readonly kind: "waveform";
  readonly data: Float32Array;
  readonly columns: number;
  readonly exact: boolean;
}

export type Tile = SpecTile | WaveTile;

/** The visible window: seconds and Hz, t0 < t1 and f0 < f1. */
export interface Viewport {
  readonly t0: number;
  readonly t1: number;
  readonly f0: number;
  readonly f1: number;
}

/** What a viewport has to stay within: 0..duration seconds, fmin..fmax Hz. */
export interface Bounds {
  readonly duration: number;
  readonly sr: number;
  readonly fmin: number;
  readonly fmax: number;
}

/** Minor ticks have no label. */
export interface Tick {
  readonly value: number;
  readonly label: string;
  readonly major: boolean;
}
