"""WAV files of plain integers or floats: just the bytes asked for are read, and made float32.

The numbers are those that libsndfile gives. A read of any length takes what it needs at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
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
# So much is decoded at a time as stays in the caches of a processor.
_STEP_BYTES = 1 << 18
_BEFORE = 4


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

    def read_places(self, starts: Sequence[int], n: int) -> NDArray[np.float32]:
        """Return `n` samples from each of some places on [shape=(n_channels, n_places, n)].

        This is quicker than to read one place after the other, where they are many and short.

        Parameters
        ----------
        starts : sequence of int in 0..n_samples - n
            The first samples.
        n : int
            How many of each.

        Raises
        ------
        AudioFileError
            Some cannot be read.
        """
        frame, size = self._layout.frame_bytes, n * self._layout.frame_bytes
        raw = np.zeros(_BEFORE + len(starts) * size, np.uint8)
        at = _BEFORE
        for start in starts:
            try:
                there = self._blob.read_into(
                    raw[at : at + size], self._layout.offset + start * frame
                )
            except OSError as error:
                raise self._failed(start, start + n, error) from error
            if there < size:
                raise AudioFileError(self._cannot(start, start + n, "the file ends before them"))
            at += size
        out = np.empty((self.n_channels, len(starts) * n), np.float32)
        _decode(raw, self._layout, out)
        return out.reshape(self.n_channels, len(starts), n)

    def _fetch(self, start: int, stop: int) -> NDArray[np.float32]:
        out = np.empty((self.n_channels, stop - start), np.float32)
        try:
            there = self._read_into(out, start)
        except OSError as error:
            raise self._failed(start, stop, error) from error
        news = self._blob.news()
        if news is not None:
            self._condition.warn(f"{self.name}: {news}")
        if there == 0:
            raise AudioFileError(
                self._cannot(start, stop, f"the file {news or 'ends before them'}")
            )
        if self._layout.kind == "f":
            self._condition.note_not_finite(out[:, :there], start, self.sr, self.name)
        if there < stop - start:
            out[:, there:] = np.nan
            self._condition.mark(start + there, self.n_samples, "the file ends before this")
        return out

    def _read_into(self, out: NDArray[np.float32], start: int) -> int:
        """Fill an array from sample `start` on; return how many samples there were."""
        layout, n = self._layout, int(out.shape[1])
        frame = layout.frame_bytes
        if layout.kind == "f" and frame == 4 and sys.byteorder == "little":
            n_bytes: int = self._blob.read_into(out.view(np.uint8)[0], layout.offset + start * 4)
            return n_bytes // 4
        step = min(n, max(1, _STEP_BYTES // frame))
        # A byte before, and those that a wide integer hangs over, let 24 bits be read as 32.
        raw = np.zeros(step * frame + _BEFORE, np.uint8)
        for done in range(0, n, step):
            wanted = min(step, n - done)
            end = _BEFORE + wanted * frame
            place = layout.offset + (start + done) * frame
            there = self._blob.read_into(raw[_BEFORE:end], place) // frame
            _decode(raw[:end], layout, out[:, done : done + wanted])
            if there < wanted:
                return done + there
        return n


def sampled_peak(source: BaseSource) -> float:
    """Return the largest finite absolute sample of a few evenly spaced places, at least 1."""
    n_runs = min(_PEAK_RUNS, -(-source.n_samples // _PEAK_RUN))
    peak = 1.0
    for start in np.linspace(0, max(0, source.n_samples - _PEAK_RUN), n_runs).astype(int):
        with suppress(AudioFileError):  # whoever looks there is told
            block = np.abs(source.read(int(start), int(start) + _PEAK_RUN))
            peak = max(peak, float(block[np.isfinite(block)].max(initial=0.0)))
    return peak


def _decode(raw: NDArray[np.uint8], layout: WavLayout, out: NDArray[np.float32]) -> None:
    """Fill `out` [shape=(n_channels, n)] from bytes, of which the first four are of no meaning."""
    shape, width = out.shape[::-1], layout.width
    if layout.kind == "f":
        with np.errstate(over="ignore", invalid="ignore", under="ignore"):
            out[...] = raw[_BEFORE:].view(f"<f{width}").reshape(shape).T
    elif layout.kind == "u":
        np.subtract(raw[_BEFORE:].reshape(shape).T, np.float32(128), out=out)
        out *= np.float32(2.0**-7)
    elif width == 2:
        values = raw[_BEFORE:].view("<i2").reshape(shape).T
        np.multiply(values, np.float32(2.0**-15), out=out)
    else:
        # The upper four bytes of each sample; of 24 bits, with one of the sample before.
        integers = np.ndarray(
            shape, "<i4", raw, offset=_BEFORE - 4 + width, strides=(layout.frame_bytes, width)
        ).T
        if width == 3:
            integers = integers & np.int32(-256)
        np.multiply(integers, np.float32(2.0**-31), out=out, dtype=np.float32, casting="unsafe")
