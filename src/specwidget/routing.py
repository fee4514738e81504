"""From a message of the front end to its one answer.

Invariant: whatever arrives, exactly one terminal answer leaves for it, also when a handler raises;
only a message without an id that could be answered gets an ``error`` without one. Messages are not
trusted: they are parsed first, and reach nothing but the methods of `Kernel`.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from specwidget import protocol
from specwidget.annotations import AnnotationTable, Change
from specwidget.annotations.packing import pack
from specwidget.audio import ChannelSpec
from specwidget.errors import AudioFileError, ParameterError, ProtocolError, SpecWidgetError
from specwidget.measurements import peaks, spectrum
from specwidget.overlays import Series
from specwidget.pushing import Heard, Push, Send
from specwidget.recording import Recording
from specwidget.server import TileAnswer, TileServer
from specwidget.tiles import TileKey, Tileset, first_keys
from specwidget.worker import Worker

__all__ = ["Kernel", "Router", "Send"]

_log = logging.getLogger("specwidget")


class Kernel(Protocol):
    """What the router needs of the widget."""

    @property
    def recording(self) -> Recording:
        """The recording as it is shown now."""

    @property
    def table(self) -> AnnotationTable:
        """Its annotations."""

    def edit(self, ops: Iterable[object], edit_id: str) -> Change:
        """Apply operations that a person made, and tell all views."""

    def step(self, action: str, edit_id: str, step: int | None = None) -> Change:
        """Undo or redo one operation, or go to a step of the history, and tell all views."""

    def propose_transform(self, transform: dict[str, Any]) -> None:
        """Change the transform as a person asked."""

    def series(self, id: str) -> Series | None:
        """Return the series of an overlay's line."""

    def assist_from_view(
        self,
        name: str,
        span: tuple[float, float] | None,
        channel: ChannelSpec,
        ids: Sequence[str],
    ) -> None:
        """Run an assistant as a person asked."""

    def cancel_from_view(self, name: str) -> None:
        """Cancel a run of an assistant as a person asked."""

    def run_states(self) -> list[dict[str, Any]]:
        """Return messages that tell of the runs of assistants under way."""

    def show_damage(self) -> None:
        """Tell all views what is wrong with the recording."""


class Router:
    """Answers the messages of the front end.

    Parameters
    ----------
    kernel : Kernel
        Who owns recording and annotations.
    send : callable
        Sends a message and its buffers to the front end; may be called on any thread.
    """

    def __init__(self, kernel: Kernel, send: Send) -> None:
        self._kernel = kernel
        self._send = send
        self._void: deque[str] = deque(maxlen=_MOST_VOID)
        recording = kernel.recording
        self._tilesets = recording.tilesets()
        self._server = TileServer(
            self._tilesets,
            self._answer_tiles,
            epoch=recording.epoch,
            on_progress=self._progress,
        )
        # A spectrum under the cursor does not wait for a series that takes its time.
        self._spectra, self._series_worker = Worker(), Worker()
        self._layers: dict[str, Tileset] = {}
        self._push = Push(self._server, send)
        self._shown: Heard | None = None
        self._sight = 0.0, recording.duration
        self._damage_lock = threading.Lock()
        self._damage_told: threading.Timer | None = None
        recording.patched.on_damage = self._damage_found

    def look(self, start: float, end: float) -> None:
        """Have what is in sight, between two times in seconds, made exact first."""
        self._sight = start, end
        self._server.look(start, end)

    def recording_changed(self) -> None:
        """Serve tiles of the kernel's new recording; whatever was asked of the old one ends."""
        recording = self._kernel.recording
        self._tilesets = recording.tilesets(self._tilesets)
        self._server.set_epoch(recording.epoch, {**self._tilesets, **self._layers})
        if self._shown is not None:
            self._push.begin(recording, self._shown)

    @property
    def tilesets(self) -> Mapping[str, Tileset]:
        """The tilesets of the recording, by the names of their layers."""
        return self._tilesets

    def layers_changed(self, layers: Mapping[str, Tileset]) -> None:
        """Serve these layers beside those of the recording."""
        self._layers = dict(layers)
        self._server.set_layers({**self._tilesets, **self._layers})

    def show(self, channel: Heard) -> None:
        """Send the first view what it needs, before it asks: it cannot while a cell runs."""
        if self._shown is not None:
            return
        self._shown = channel
        if len(self._kernel.table) <= _LARGEST_PATCH:
            self._send_snapshot(None)
        recording = self._kernel.recording
        self._push.begin(recording, channel)
        self._server.prepare(recording.epoch, first_keys(recording.info(), channel, self._sight))

    def close(self) -> None:
        """End the threads."""
        self._kernel.recording.patched.on_damage = None
        with self._damage_lock:
            if self._damage_told is not None:
                self._damage_told.cancel()
        self._spectra.close()
        self._series_worker.close()
        self._server.close()

    def receive(self, content: object, buffers: Sequence[object] = ()) -> None:
        """Answer one message, now or from the server's threads later."""
        try:
            message = protocol.parse_message(content, len(buffers))
        except ProtocolError as problem:
            self._fail(protocol.request_id(content), problem)
            return
        try:
            self._handle(message)
        except Exception as problem:
            self._fail(message.id, problem, edit=isinstance(message, _EDITS))

    def _handle(self, message: protocol.Message) -> None:
        match message:
            case protocol.Hello():
                self._send_snapshot(message.id)
                for state in self._kernel.run_states():
                    self._send(state, ())
            case protocol.Ping():
                self._send(protocol.ok(id=message.id), ())
            case protocol.TilesGet():
                self._server.request(message.id, message.epoch, _tile_keys(message))
            case protocol.TilesCancel():
                self._server.cancel(message.id, message.epoch, _tile_keys(message))
                self._send(protocol.ok(id=message.id), ())
            case protocol.AudioGet():
                self._later(message.id, lambda: self._audio(message))
            case protocol.ValueGet():
                self._later(message.id, lambda: self._value(message))
            case protocol.Edit() | protocol.History():
                self._change(message)
            case protocol.HistoryGet():
                steps = self._kernel.table.history_json(_MOST_STEPS)
                self._send(protocol.history_data(id=message.id, **steps), ())
            case protocol.TransformSet():
                self._kernel.propose_transform(dict(message.transform))
                self._send(protocol.ok(id=message.id), ())
            case protocol.SpectrumGet():
                self._later(message.id, lambda: self._spectrum(message), self._spectra)
            case protocol.SeriesGet():
                self._later(message.id, lambda: self._series(message), self._series_worker)
            case protocol.AssistRun():
                span = None if message.start is None else (message.start, message.end or 0.0)
                self._kernel.assist_from_view(message.name, span, message.channel, message.ids)
                self._send(protocol.ok(id=message.id), ())
            case protocol.AssistCancel():
                self._kernel.cancel_from_view(message.name)
                self._send(protocol.ok(id=message.id), ())

    def _change(self, message: protocol.Edit | protocol.History) -> None:
        """Change the annotations as a person asked, and note requests that left nothing to undo.

        Who works on while the kernel is busy may take back what is refused only later.
        """
        changed = False
        try:
            if isinstance(message, protocol.Edit):
                changed = bool(self._kernel.edit(message.ops, message.id))
            elif message.of in self._void:
                self._send_patch(message.id, self._kernel.table.revision, [])
            else:
                changed = bool(self._kernel.step(message.action, message.id, message.step))
        finally:
            if not changed:
                self._void.append(message.id)

    def _later(self, request_id: str, answer: Callable[[], None], on: Worker | None = None) -> None:
        def run() -> None:
            try:
                answer()
            except Exception as problem:
                self._fail(request_id, problem)

        if not (self._server if on is None else on).run(run):
            raise ParameterError("the widget was closed; run its cell again")

    def _audio(self, message: protocol.AudioGet) -> None:
        sound = self._kernel.recording.sound(message.start, message.stop, message.channel)
        answer = protocol.audio_data(
            id=message.id,
            channel=message.channel,
            start=message.start,
            stop=message.start + sound.shape[1],
            n_channels=sound.shape[0],
        )
        self._send(answer, [np.ascontiguousarray(sound, dtype="<i2").tobytes()])

    def _value(self, message: protocol.ValueGet) -> None:
        recording = self._kernel.recording
        if message.epoch != recording.epoch:
            raise ProtocolError("the transform has changed since", code="stale-epoch")
        value = recording.value_at(message.time, message.freq, message.channel)
        self._send(protocol.value(id=message.id, **vars(value)), ())

    def _spectrum(self, message: protocol.SpectrumGet) -> None:
        recording = self._kernel.recording
        if message.epoch != recording.epoch:
            raise ProtocolError("the transform has changed since", code="stale-epoch")
        found = spectrum(recording.patched, message.start, message.end, channel=message.channel)
        frequencies, levels = peaks(found, _MOST_PEAKS)
        drawn = found if message.columns is None else found.columns(message.columns)
        answer = protocol.spectrum_data(
            id=message.id,
            start=message.start,
            end=message.end,
            channel=message.channel,
            n=len(drawn.db),
            n_fft=found.n_fft,
            n_frames=found.n_frames,
            peaks=list(zip(frequencies.tolist(), levels.tolist(), strict=True)),
        )
        self._send(answer, [np.stack([drawn.frequencies, drawn.db]).astype("<f4").tobytes()])

    def _series(self, message: protocol.SeriesGet) -> None:
        series = self._kernel.series(message.series)
        if series is None:
            raise ParameterError(f"there is no series {message.series!r} any more")
        drawn = series.read(message.start, message.end, message.columns, patience=_PATIENCE)
        answer = protocol.series_data(
            id=message.id,
            series=message.series,
            start=message.start,
            end=message.end,
            columns=message.columns,
            complete=drawn.complete,
        )
        self._send(answer, [drawn.columns.astype("<f4").tobytes()])

    def _fail(self, request_id: str | None, problem: Exception, *, edit: bool = False) -> None:
        if isinstance(problem, SpecWidgetError):
            text = str(problem)
        else:
            _log.exception("a message could not be answered", exc_info=problem)
            text = f"Internal error, {type(problem).__name__}: {problem}. See the kernel's log."
        if edit and request_id is not None:
            self._send(protocol.edit_reject(id=request_id, reason=text), ())
        else:
            self._send(protocol.error(id=request_id, code=_code(problem), message=text), ())

    def send_change(self, change: Change, edit_id: str | None) -> None:
        """Tell all views of a change of the annotations."""
        if change.size > _LARGEST_PATCH:
            self._send_snapshot(edit_id)
            return
        extras = self._kernel.table.extras if change.columns_changed else None
        self._send_patch(edit_id, change.revision, change.ops, extras)

    def _send_snapshot(self, request_id: str | None) -> None:
        snapshot = self._kernel.table.snapshot()
        rows = snapshot["columns"]
        columns, buffers = pack(rows)
        packed = {**snapshot, "columns": columns, "n": len(rows)}
        self._send(protocol.annotations_snapshot(id=request_id, **packed), buffers)

    def _send_patch(
        self,
        edit_id: str | None,
        rev: int,
        ops: Iterable[Mapping[str, Any]],
        extras: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        table = self._kernel.table
        patch = protocol.annotations_patch(
            edit_id=edit_id,
            rev=rev,
            ops=ops,
            undo=table.undo_label,
            redo=table.redo_label,
            extras=extras,
        )
        self._send(patch, ())

    def _answer_tiles(self, answer: TileAnswer) -> None:
        if answer.error is not None:
            self._fail(answer.request_id, answer.error)
            return
        message = protocol.tile_data(
            id=answer.request_id,
            epoch=answer.epoch,
            tiles=[
                ((key.layer, key.level, key.index), tile.columns, tile.exact)
                for key, tile in answer.tiles
            ],
            last=answer.last,
        )
        self._send(message, [tile.data for _, tile in answer.tiles])
        self._push.sent(answer)

    def _damage_found(self) -> None:
        """Tell of damage soon, together with what else is found until then."""
        with self._damage_lock:
            if self._damage_told is None:
                self._damage_told = threading.Timer(_SOON, self._tell_damage)
                self._damage_told.daemon = True
                self._damage_told.start()

    def _tell_damage(self) -> None:
        with self._damage_lock:
            self._damage_told = None
        try:
            self._kernel.show_damage()
        except Exception:  # the widget may have been closed meanwhile
            _log.exception("damage could not be told")

    def _progress(self, done: float, total: int) -> None:
        self._send(protocol.progress(done=done, total=total, text="exact picture"), ())


# A change of more rows than this is sooner told by sending all of them, in columns.
_LARGEST_PATCH = 1_000
_MOST_VOID = 1_000
_MOST_STEPS = 1_000
_MOST_PEAKS = 8
# How long a series is computed before a view is told how far it has come.
_PATIENCE = 0.25
# Seconds in which more damage may be found, before what there is is told.
_SOON = 0.3
_EDITS = (protocol.Edit, protocol.History)


def _tile_keys(message: protocol.TilesGet | protocol.TilesCancel) -> list[TileKey]:
    return [TileKey(*key) for key in message.keys]


def _code(problem: Exception) -> protocol.ErrorCode:
    if isinstance(problem, ProtocolError):
        return problem.code  # type: ignore[return-value]
    if isinstance(problem, AudioFileError):
        return "audio"
    return "bad-value" if isinstance(problem, SpecWidgetError) else "internal"
