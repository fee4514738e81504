"""An open decoder of libsndfile, set down early enough that what it gives is right.

What decodes by what came before is decoded from a little before, always: soundfile seeks after
every read, so that going on is seeking, too. In the last page of an Ogg file, whose end is cut to
the sample, libvorbis counts wrongly from any place but its beginning.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.blobs import BlobStream, Mended
from specwidget.audio.ogg import last_page

__all__ = ["GRANULE_RATES", "LOSSY", "SoundHandle", "decoding_errors"]

GRANULE_RATES = {"VORBIS": None, "OPUS": 48000.0}
"""Codings in pages of Ogg, and the rate in which those count, if it is not the file's own."""

LOSSY = frozenset({*GRANULE_RATES, "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III"})
"""Codings that decode by what came before."""

_PRE_ROLLS = {
    **dict.fromkeys(LOSSY, 4 * 1152),
    "OPUS": 8 * 1152,
    # Of an ALAC file that is sought in its last packet, libsndfile mixes up the channels.
    **dict.fromkeys(("ALAC_16", "ALAC_20", "ALAC_24", "ALAC_32"), 4096),
}
_LONGEST_BLOCK = 8192
_STEP = 1 << 16
# Codings that libsndfile reads forward only, and those of which it loses the last block even so,
# unless all is asked for at once.
_FORWARD = ("GSM", "G72", "NMS", "DPCM")
_AT_ONCE = frozenset({("PAF", "PCM_24"), ("SDS", "PCM_S8"), ("SDS", "PCM_16"), ("SDS", "PCM_24")})


class SoundHandle:
    """A SoundFile, and the stream that it reads where it reads one.

    Parameters
    ----------
    mended : Mended
        The file.

    Raises
    ------
    soundfile.LibsndfileError
        It is none of what libsndfile decodes.
    OSError
        It cannot be read.

    Attributes
    ----------
    position : int
        The sample that it would give next, -1 if that is none.
    """

    def __init__(self, mended: Mended) -> None:
        self._mended, self._lead = mended, mended.lead
        self.file, self._stream = _open(mended)
        self.position = 0 if mended.lead == 0 else -1
        subtype: str = self.file.subtype
        self._pre_roll = _PRE_ROLLS.get(subtype, 0)
        # From where it stands, libvorbis walks to a place nearby, and counts wrongly on the way.
        self._from_start = subtype == "VORBIS"
        self._at_once = (self.file.format, subtype) in _AT_ONCE
        self._only_forward = (
            self._at_once or subtype.startswith(_FORWARD) or not self.file.seekable()
        )
        self._last_seek: int = 0 if self._at_once else self.file.frames
        if subtype == "VORBIS":
            page = last_page(mended.blob)
            page = self.file.frames if page is None else page
            self._last_seek = max(0, self.file.frames - page - _LONGEST_BLOCK)
        elif self.file.format == "FLAC":
            # Before a frame that was cut short, libFLAC does not find the last sample.
            self._last_seek = max(0, self.file.frames - _LONGEST_BLOCK)

    def close(self) -> None:
        """Close the decoder."""
        self.file.close()

    def read(self, start: int, stop: int, floor: int = 0) -> NDArray[np.float32]:
        """Return what there is of ``[start, stop)`` [shape=(n, n_channels)].

        Nothing before `floor` is decoded on the way.
        """
        start, stop = start + self._lead, stop + self._lead
        begin = start
        try:
            if self.position + self._lead != start or self._pre_roll or self._at_once:
                begin = min(start, max(floor, min(start - self._pre_roll, self._last_seek)))
                if self._from_start:
                    self.file.seek(0)
                self._go_to(begin)
            block: NDArray[np.float32] = self.file.read(
                stop - begin, dtype="float32", always_2d=True
            )
        finally:
            if self._stream is not None and self._stream.failure is not None:
                raise self._stream.failure
        self.position = begin + len(block) - self._lead
        return block[start - begin :]

    def _go_to(self, begin: int) -> None:
        if not self._only_forward:
            self.file.seek(begin)
            return
        if self.position < 0 or self.position > begin or self._at_once:
            self.file.close()
            self.file, self._stream = _open(self._mended)
            self.position = 0
        for place in range(self.position, begin, _STEP):
            self.file.read(min(_STEP, begin - place), dtype="float32")


def decoding_errors() -> tuple[type[Exception], ...]:
    """Return what soundfile raises for a file that is damaged, or none of its own."""
    import soundfile

    return soundfile.SoundFileError, RuntimeError, ValueError, OverflowError, MemoryError


def _open(mended: Mended) -> tuple[Any, BlobStream | None]:
    """Return a SoundFile, and the stream that it reads where it reads one."""
    import soundfile

    opened = mended.blob.for_libsndfile()
    stream = opened if isinstance(opened, BlobStream) else None
    try:
        return soundfile.SoundFile(opened), stream
    except BaseException:
        if isinstance(opened, int):
            with suppress(OSError):  # libsndfile may have closed it
                os.close(opened)
        if stream is not None and stream.failure is not None:
            raise stream.failure from None
        raise
