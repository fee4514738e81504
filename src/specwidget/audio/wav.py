"""WAV files of plain integers or floats: just the bytes asked for are read, and made float32.

The numbers are those that libsndfile gives. A read of any length takes what it needs at once.
"""

from __future__ import annotations

from contextlib import suppress

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.base import BaseSource
from specwidget.audio.blobs import Blob
from specwidget.audio.condition import Condition
from specwidget.audio.riff import WavLayout
from specwidget.errors import AudioFileError

__all__ = ["WavSource", "sampled_peak"]

_PEAK_RUN = 4096
_PEAK_RUNS = 16


class WavSource(BaseSource):
    """A WAV, RF64 or BW64 file of plain PCM or floats.

    Parameters
    ----------
    blob : Blob
        The file.
    layout : WavLayout
        As `read_layout` found it.
    """

    def __init__(self, blob: Blob, layout: WavLayout) -> None:
        notes = [f"{blob.name}: {note}" for note in layout.notes]
        super().__init__(
            blob.name,
            layout.sr,
            layout.n_channels,
            layout.n_samples,
            1.0,
            Condition(*notes),
        )
        self._blob, self._layout = blob, layout
        if layout.n_declared > layout.n_samples:
            self._condition.mark(
                layout.n_samples, layout.n_declared, "missing: the file was cut short"
            )
        if layout.kind == "f":
            self.peak = None if blob.remote else sampled_peak(self)

    def fingerprint(self) -> str | None:
        key = self._blob.fingerprint()
        layout = self._layout
        return key and f"{key}-wav-{layout.kind}{layout.width}-{layout.sr}-{layout.n_samples}"

    def will_read(self, start: int, stop: int) -> None:
        """Have samples ``[start, stop)`` fetched from the disk, without waiting for them."""
        frame = self._layout.frame_bytes
        self._blob.will_read(self._layout.offset + start * frame, (stop - start) * frame)

    def _fetch(self, start: int, stop: int) -> NDArray[np.float32]:
        layout = self._layout
        frame = layout.frame_bytes
        wanted = (stop - start) * frame
        # A byte before, and those that a wide integer hangs over, let 24 bits be read as 32.
        raw = np.zeros(wanted + 4, np.uint8)
        try:
            n_bytes = self._blob.read_into(raw[4:], layout.offset + start * frame)
        except OSError as error:
            raise self._failed(start, stop, error) from error
        there = n_bytes // frame
        news = self._blob.news()
        if news is not None:
            self._condition.warn(f"{self.name}: {news}")
        if there == 0:
            raise AudioFileError(
                self._cannot(start, stop, f"the file {news or 'ends before them'}")
            )
        out = _decode(raw, layout, stop - start)
        if layout.kind == "f":
            self._condition.note_not_finite(out[:, :there], start, self.sr, self.name)
        if there < stop - start:
            out[:, there:] = np.nan
            self._condition.mark(start + there, self.n_samples, "the file ends before this")
        return out


def sampled_peak(source: BaseSource) -> float:
    """Return the largest finite absolute sample of a few evenly spaced places, at least 1."""
    n_runs = min(_PEAK_RUNS, -(-source.n_samples // _PEAK_RUN))
    peak = 1.0
    for start in np.linspace(0, max(0, source.n_samples - _PEAK_RUN), n_runs).astype(int):
        with suppress(AudioFileError):  # whoever looks there is told
            block = np.abs(source.read(int(start), int(start) + _PEAK_RUN))
            peak = max(peak, float(block[np.isfinite(block)].max(initial=0.0)))
    return peak


def _decode(raw: NDArray[np.uint8], layout: WavLayout, n: int) -> NDArray[np.float32]:
    """Make float32 [shape=(n_channels, n)] of bytes, of which the first four are of no meaning."""
    shape, width = (n, layout.n_channels), layout.width
    out = np.empty((layout.n_channels, n), np.float32)
    if layout.kind == "f":
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            out[...] = raw[4:].view(f"<f{width}").reshape(shape).T
    elif layout.kind == "u":
        np.subtract(raw[4:].reshape(shape).T, np.float32(128), out=out)
        out *= np.float32(2.0**-7)
    elif width == 2:
        values = raw[4:].view("<i2").reshape(shape).T
        np.multiply(values, np.float32(2.0**-15), out=out)
    else:
        # The upper four bytes of each sample; of 24 bits, with one of the sample before.
        integers = np.ndarray(
            shape, "<i4", raw, offset=width, strides=(layout.frame_bytes, width)
        ).T
        if width == 3:
            integers = integers & np.int32(-256)
        np.multiply(integers, np.float32(2.0**-31), out=out, dtype=np.float32, casting="unsafe")
    return out
