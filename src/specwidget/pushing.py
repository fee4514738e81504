"""What a view is sent before it asks, so that it has it while the kernel is busy.

Invariant: only a short recording is sent, whole, and once for each of its epochs: some megabytes at
the most. What views ask for meanwhile goes first, and is not sent twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from specwidget import protocol
from specwidget.audio import ChannelSpec
from specwidget.recording import Recording
from specwidget.server import TileAnswer, TileServer
from specwidget.tiles import TileKey
from specwidget.tiles.whole import whole_keys, whole_parts

__all__ = ["Heard", "Push", "Send"]

Heard: TypeAlias = ChannelSpec | Literal["all"]
"""What is shown and heard of a recording."""

Send: TypeAlias = Callable[[dict[str, Any], Sequence[bytes | memoryview]], None]


class Push:
    """Sends a short recording, by way of the server that answers views.

    Parameters
    ----------
    server : TileServer
        It sends what is pushed when there is nothing more urgent.
    send : callable
        Sends a message and its buffers; may be called on any thread.
    """

    def __init__(self, server: TileServer, send: Send) -> None:
        self._server = server
        self._send = send
        self._epoch = -1
        self._left: set[TileKey] = set()
        self._sound: Callable[[], None] | None = None
        self._sound_sent = False

    def begin(self, recording: Recording, shown: Heard) -> None:
        """Send what is shown of a recording, if it is short, and then what is heard of it."""
        info = recording.info()
        keys = whole_keys(info, shown)
        heard = "sound" in whole_parts(info) and not self._sound_sent
        self._epoch = recording.epoch
        self._left = set(keys)
        self._sound = (lambda: self._send_sound(recording, shown)) if heard else None
        if keys:
            self._server.push(recording.epoch, keys)

    def sent(self, answer: TileAnswer) -> None:
        """Note that an answer of the server was sent; called with all, one after the other."""
        if answer.epoch != self._epoch:
            return
        self._left.difference_update(key for key, _ in answer.tiles)
        if self._sound is not None and not self._left:
            self._server.run(self._sound)
            self._sound = None

    def _send_sound(self, recording: Recording, shown: Heard) -> None:
        sound = recording.sound(0, recording.source.n_samples, shown)
        self._sound_sent = True
        message = protocol.audio_data(
            id=None, channel=shown, start=0, stop=sound.shape[1], n_channels=sound.shape[0]
        )
        self._send(message, [np.ascontiguousarray(sound, dtype="<i2").tobytes()])
