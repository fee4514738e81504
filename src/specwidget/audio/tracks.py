"""One sound track of a container, opened by PyAV, decoded packet by packet.

What is asked for is only ever the file that was given: a playlist cannot make FFmpeg open another.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from specwidget.audio.blobs import Blob
from specwidget.errors import AudioFileError

if TYPE_CHECKING:
    from av import AudioFrame, Packet

__all__ = ["Track", "as_float"]

_OPTIONS = {"protocol_whitelist": "none"}
_BUFFER = 1 << 16
_STAMPED = frozenset({"mov", "matroska", "webm", "asf", "caf", "wv", "tta"})
# Decoders that make up noise: of their own memory, or by the packet if they are asked to.
_RANDOM = frozenset({"aac", "aac_latm", "speex"})
_DITHERED = frozenset({"ac3", "eac3"})
_SCALES = {"u8": 2.0**-7, "s16": 2.0**-15, "s32": 2.0**-31, "s64": 2.0**-63}


class Track:
    """An open container, and the main one of its sound tracks.

    Parameters
    ----------
    blob : Blob
        The file.

    Raises
    ------
    ImportError
        PyAV is not installed.
    AudioFileError
        FFmpeg does not know what it is, or there is no sound in it.
    OSError
        It cannot be read.
    """

    def __init__(self, blob: Blob) -> None:
        import av

        self._io = blob.stream()
        try:
            self.container: Any = av.open(
                self._io, options=_OPTIONS, metadata_errors="ignore", buffer_size=_BUFFER
            )
        except Exception as error:  # of FFmpeg, or of Python on its way through it
            self._raise_failure()
            raise AudioFileError(f"{blob.name}: cannot be decoded: {_reason(error)}") from error
        found = self.container.streams.best("audio")
        if found is None or found.codec_context is None:
            self.container.close()
            lack = "no sound in it" if found is None else "sound in it of a coding without a name"
            raise AudioFileError(f"{blob.name}: there is {lack}; give another file")
        self.stream: Any = found
        self.n_tracks = len(self.container.streams.audio)
        for other in self.container.streams:
            # Older PyAV reads them, too, to no end.
            if other is not found and hasattr(other, "discard"):
                other.discard = type(other.discard).all
        # More threads would give frames later than the packets they belong to.
        self.stream.codec_context.thread_count = 1
        if self.codec in _DITHERED:
            self.stream.codec_context.options = {"cons_noisegen": "1"}
        self._decoder: Any = self.stream.codec_context

    def close(self) -> None:
        """Close the container."""
        self.container.close()

    @property
    def codec(self) -> str:
        """FFmpeg's name of the decoder."""
        return str(self.stream.codec_context.name)

    def declared(self, sr: int) -> int:
        """Return how many samples the container says there are; 0 where it only guesses."""
        if not self.is_stamped:
            return 0
        if self.stream.duration:
            return int(self.stream.duration * self.stream.time_base * sr)
        return int((self.container.duration or 0) * sr // 1_000_000)

    @property
    def is_stamped(self) -> bool:
        """Whether it is a container that keeps a time stamp for each packet."""
        return bool(_STAMPED & set(self.container.format.name.split(",")))

    @property
    def is_paged(self) -> bool:
        """Whether packets lie in pages that have one time stamp for all of them."""
        return str(self.container.format.name) == "ogg"

    def seek(self, pts: int) -> bool:
        """Go to a place not after a time stamp, with a fresh decoder; say if there is one."""
        try:
            # This flushes the decoder, too.
            self.container.seek(pts, stream=self.stream, backward=True, any_frame=False)
        except Exception:
            self._raise_failure()
            return False
        self._decoder = self._forgetful()
        return True

    def _forgetful(self) -> Any:
        """Return a decoder in its first state."""
        own = self.stream.codec_context
        if own.name not in _RANDOM:
            return own
        # It fills bands with noise, whose generator no flush resets.
        made = type(own).create(own.name, "r")
        made.thread_count = 1
        if own.extradata:
            made.extradata = own.extradata
        return made

    def packets_from(self, pts: int | None) -> Iterator[Packet[Any]]:
        """Demux from the packet that lasts beyond a time stamp; None: from where it stands."""
        begun = pts is None
        for packet in self.packets():
            end = None if packet.pts is None else packet.pts + (packet.duration or 0)
            begun = begun or (end is not None and pts is not None and end > pts)
            if begun:
                yield packet

    def packets(self) -> Iterator[Packet[Any]]:
        """Demux from where it stands; the last packet, of no bytes, flushes the decoder."""
        packets = self.container.demux(self.stream)
        while True:
            try:
                packet = next(packets, None)
            except Exception:  # what cannot be demuxed ends the track
                self._raise_failure()
                return
            self._raise_failure()
            if packet is None:
                return
            yield packet

    def decode(self, packet: Any) -> list[AudioFrame] | None:
        """Return the frames of a packet, or None where it is damaged."""
        try:
            return list(self._decoder.decode(packet))
        except EOFError:
            return []
        except Exception as error:
            if isinstance(error, MemoryError):
                raise
            return None

    def _raise_failure(self) -> None:
        """Raise what went wrong in the file, which FFmpeg takes for its end."""
        failure, self._io.failure = self._io.failure, None
        if failure is not None:
            with suppress(Exception):
                self.container.close()
            raise failure


def as_float(frame: AudioFrame) -> NDArray[np.float32]:
    """Return the samples of a frame [shape=(n_channels, n)], full scale at 1."""
    kind = frame.format.name.removesuffix("p")
    array = frame.to_ndarray()
    if not frame.format.is_planar:
        array = array.reshape(frame.samples, -1).T
    if kind not in _SCALES:
        return np.ascontiguousarray(array, np.float32)
    values = array.astype(np.float32)
    if kind == "u8":
        values -= 128
    values *= np.float32(_SCALES[kind])
    return np.ascontiguousarray(values)


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
