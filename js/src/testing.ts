/** Helpers of the tests; no part of the bundle. */

import type { Info } from "./types";

export const bytesOf = (length: number): DataView => new DataView(new ArrayBuffer(length));

export function infoOf(options: {
  epoch?: number;
  nBins?: number;
  nChannels?: number;
  sr?: number;
  nSamples?: number;
}): Info {
  const { epoch = 0, nBins = 5, nChannels = 1, sr = 1000, nSamples = 10_000 } = options;
  return {
    protocol: 1,
    epoch,
    name: "test",
    sr,
    n_samples: nSamples,
    n_channels: nChannels,
    duration: nSamples / sr,
    spectrogram: {
      kind: "spectrogram",
      n_frames: 100,
      hop_length: 100,
      n_fft: 2 * (nBins - 1),
      sr,
      n_bins: nBins,
      bins: { kind: "linear", step: sr / 2 / (nBins - 1) },
      range_db: [-100, 20],
      full_scale_db: 10,
      tile_columns: 256,
      levels: 1,
    },
    waveform: {
      kind: "waveform",
      n_samples: nSamples,
      sr,
      levels: [0, 6],
      sample_columns: 16_384,
      columns: 2048,
    },
    freq_min: 0,
    freq_max: sr / 2,
  };
}
