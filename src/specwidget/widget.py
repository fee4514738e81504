"""The widget: traits, public methods, and the wiring between the parts.

Invariant: this class holds no signal processing and no arithmetic.
"""

from __future__ import annotations

import base64
import contextlib
import difflib
import inspect
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import traitlets
from ipywidgets import CallbackDispatcher
from numpy.typing import NDArray

from specwidget import settings
from specwidget._check import check_number, shown
from specwidget.annotations import POLICIES, AnnotationTable, LabelSet, Policy, Tiers, to_rows
from specwidget.assisting import Assisting
from specwidget.audio import ChannelSpec, check_channel, open_audio, read_channel
from specwidget.comm import CommWidget
from specwidget.errors import (
    ParameterError,
    ParameterTypeError,
    SpecWidgetError,
)
from specwidget.handling import Handling
from specwidget.overlaying import Overlaying
from specwidget.recording import Recording, Ref
from specwidget.routing import Router
from specwidget.snapshot import render_png, still_inputs
from specwidget.tiles import open_cache
from specwidget.transforms import Stft, Transform, transform_from_json

__all__ = ["SpecWidget"]

_STATIC = Path(__file__).parent / "static"

_SHARED = frozenset(
    (
        "view freq_view selected colormap db_range freq_axis height position loop channel "
        "hidden_labels hidden_tiers locked_labels locked_tiers min_score"
    ).split()
)
"""Traits that the front end may write; whatever else it sends is not taken."""


class SpecWidget(Assisting, Overlaying, Handling, CommWidget):
    """A recording as waveform and spectrogram, to look at, listen to and label.

    Parameters
    ----------
    audio : str, Path, bytes, array-like, (sr, array) or AudioSource
        A file, the bytes of a file, or samples [shape=(n,) or (n_channels, n)] of any float or
        integer type, as a NumPy array, a tensor, or anything that converts to an array.
    sr : number > 0, optional
        Sampling rate in Hz. An array needs it. A file has its own; another one given here
        resamples the file, as ``librosa.load`` does.
    labels : list of str, list of dict, dict or LabelSet, optional
        The label set, as names, as ``{name: colour}``, or as dicts of ``name``, ``color``,
        ``key`` (one letter or digit) and ``group``. Keys 1 to 9 are given in order where none
        is named.
    transform : Transform, optional
        What the spectrogram shows; ``Stft()`` by default. There are `Stft`, `MelSpectrogram`,
        `Cqt`, `Vqt`, `Reassigned`, `Pcen`, `Mfcc`, `Chroma`, and, for what you have computed
        yourself, `FromFunction` and `Frames`.
    annotations : DataFrame, list of dict or list of tuple, optional
        Rows with at least ``start``, ``end`` and ``label``.
    allow_new_labels : bool, optional
        Whether labels outside the set are taken, and added to it. By default only where no
        `labels` are given.
    tiers : list of str, optional
        Lanes for annotations, in the order in which they are shown.
    allow_new_tiers : bool
        Whether annotations may bring further lanes, which are then added to these.
    overlap : "allow", "forbid" or "trim"
        What happens to an annotation that would lie over another one of its lane and channel, at
        the same time and in the same band: it may; it is refused; it is cut back to where there
        is room.
    extra_columns : dict, optional
        Columns of your own that are always there: name -> ``float``, ``int``, ``str``, ``bool``,
        or a list of texts to choose from.
    hidden_labels, hidden_tiers : list of str, optional
        Annotations with these are not shown.
    locked_labels, locked_tiers : list of str, optional
        Annotations with these are changed from Python only.
    min_score : float, optional
        Predictions with a lower score are not shown.
    keymap : dict, optional
        Keys that differ from the default: action -> key, list of keys, or None.
    ref : "full scale", "max" or number > 0
        What reads 0 dB: a full-scale sine, the loudest cell of the recording (reads all of it
        once), or librosa's `ref`. Values that are no dB, or have no reference, stay as they are.
    db_range : (float, float), optional
        Values of the darkest and of the brightest colour: by default from 80 dB below the loud
        parts of this recording, or what values span that are no dB.
    view, freq_view : (float, float), optional
        Visible window in seconds and in Hz, or in rows where those are no frequencies; the whole
        recording by default.
    channel : "all", "mix" or int
        Channels shown and heard.
    colormap : str
        "viridis", "magma", "inferno", "cividis" or "gray", or with "_r" reversed.
    freq_axis : "linear", "log" or "mel"
        How frequency is laid out; the transform stays as it is.
    height : int
        Height of the picture in pixels.
    name : str, optional
        Key of the recording in the annotations; by default the path as given, or "array".
    cache : bool, str or Path
        Where coarse levels of a long recording are kept on disk, so that it is exact at once when
        it is opened again: True for the user's folder for such things, or a folder. False keeps
        nothing. Files are known by their content and their date; arrays are not kept.
    layout : ipywidgets.Layout or dict, optional
        As for any widget of ipywidgets.

    Raises
    ------
    SpecWidgetError
        An argument makes no sense or a file cannot be read; the message names the argument, the
        value and the way out. Each is also the ValueError, TypeError or OSError it would be
        elsewhere.

    Examples
    --------
    >>> import numpy as np
    >>> from specwidget import SpecWidget
    >>> y = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
    >>> w = SpecWidget(y, sr=22050, labels=["tone"])
    >>> _ = w.add(start=0.2, end=0.5, label="tone")
    >>> w.annotations[["start", "end", "label"]]
       start  end label
    0    0.2  0.5  tone
    """

    _esm = _STATIC / "widget.js"
    _css = _STATIC / "widget.css"

    view = settings.Span(help="Visible window in seconds.").tag(sync=True)
    freq_view = settings.Span(help="Visible band, in Hz or in rows.").tag(sync=True)
    db_range = settings.Span(help="Values of the darkest and the brightest colour.").tag(sync=True)
    selected = settings.Ids(help="Ids of the selected annotations.").tag(sync=True)
    colormap = settings.Choice(settings.COLORMAPS, "magma").tag(sync=True)
    freq_axis = settings.Choice(("linear", "log", "mel"), "linear").tag(sync=True)
    channel = settings.ChannelChoice("all", help="Channels shown and heard.").tag(sync=True)
    height = settings.Whole(160, 2000, 380, help="Height of the picture in px.").tag(sync=True)
    position = settings.Number(help="Where sound starts or stopped, in seconds.").tag(sync=True)
    loop = settings.Flag(help="Whether what is played is repeated.").tag(sync=True)
    transform = traitlets.Any(help="What the spectrogram shows.")
    ref = traitlets.Any("full scale", help="What reads 0 dB.")

    _info = traitlets.Dict().tag(sync=True)
    _transform = traitlets.Dict().tag(sync=True)
    _notice = traitlets.Any(None).tag(sync=True)
    _ref_db = traitlets.Float().tag(sync=True)

    def __init__(
        self,
        audio: object,
        sr: float | None = None,
        *,
        labels: object = None,
        transform: Transform | None = None,
        annotations: object = None,
        allow_new_labels: bool | None = None,
        tiers: Iterable[str] = (),
        allow_new_tiers: bool = True,
        overlap: Policy = "allow",
        extra_columns: Mapping[str, object] | None = None,
        hidden_labels: Iterable[str] = (),
        hidden_tiers: Iterable[str] = (),
        locked_labels: Iterable[str] = (),
        locked_tiers: Iterable[str] = (),
        min_score: float | None = None,
        keymap: Mapping[str, object] | None = None,
        ref: Ref = "full scale",
        db_range: tuple[float, float] | None = None,
        view: tuple[float, float] | None = None,
        freq_view: tuple[float, float] | None = None,
        channel: str | int = "all",
        colormap: str = "magma",
        freq_axis: str = "linear",
        height: int = 380,
        name: str | None = None,
        cache: bool | str | Path = False,
        layout: Any = None,
        **unknown: Any,
    ) -> None:
        _refuse(unknown)
        source = open_audio(audio, sr)
        transform = Stft() if transform is None else _checked(transform)
        if name is not None and not isinstance(name, str):
            raise ParameterTypeError(f"name={shown(name)} is no name; give a str")
        recording = Recording(
            source,
            transform,
            source.name if name is None else name,
            cache=open_cache(cache),
        )
        label_set = LabelSet.parse(labels, open=allow_new_labels)
        table = AnnotationTable(
            recording=recording.name,
            duration=recording.duration,
            n_channels=source.n_channels,
            nyquist=source.sr / 2,
            labels=label_set,
            tiers=Tiers(tuple(settings.names_of("tiers", tiers)), bool(allow_new_tiers)),
            overlap=cast("Policy", settings.chosen("overlap", overlap, POLICIES)),
            extra_columns=extra_columns,
        )
        if annotations is not None:
            table.replace(to_rows(annotations))
            table.forget_history()
        low, high = recording.band
        self._recording = recording
        self._table = table
        self._publishing = threading.RLock()
        self._retuning = threading.RLock()
        self._tried: Recording | None = None
        self._listeners = CallbackDispatcher()
        self._router = Router(self, self._tell)
        self._begin_assisting()
        self._begin_overlaying()
        super().__init__(
            transform=transform,
            ref=ref,
            view=(0.0, recording.duration) if view is None else view,
            freq_view=(low, high) if freq_view is None else freq_view,
            db_range=recording.good_range(ref) if db_range is None else db_range,
            channel=channel,
            colormap=colormap,
            freq_axis=freq_axis,
            height=height,
            revision=table.revision,
            overlap=table.overlap,
            tiers=list(table.tiers.names),
            hidden_labels=hidden_labels,
            hidden_tiers=hidden_tiers,
            locked_labels=locked_labels,
            locked_tiers=locked_tiers,
            min_score=min_score,
            keymap={} if keymap is None else keymap,
            _info=recording.info(),
            _labels=table.labels.to_json(),
            _open_labels=label_set.open,
            _transform=transform.to_json(),
            _ref_db=recording.ref_db(ref),
            _notice=_notice(recording),
            _assistants=self._registry.to_json(),
            **({} if layout is None else {"layout": layout}),
        )
        self.on_msg(self._receive)

    # Sound and numbers --------------------------------------------------------------------------

    @property
    def recording(self) -> Recording:
        """The recording through its present transform."""
        return self._recording

    @property
    def sr(self) -> float:
        """Samples per second."""
        return self._recording.source.sr

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self._recording.duration

    @property
    def frequencies(self) -> NDArray[np.float64]:
        """Centres of the rows of `spectrogram`, the lowest first [shape=(n_bins,)].

        In Hz; where rows are no frequencies, as those of `Mfcc` and `Chroma`, 0.5, 1.5 and so on.
        """
        return self._recording.transform.frequencies(self.sr)

    def spectrogram(
        self,
        start: float | None = None,
        end: float | None = None,
        *,
        channel: ChannelSpec | None = None,
        ref: Ref = 1.0,
    ) -> NDArray[np.float32]:
        """Return the numbers behind the picture, exactly as librosa has them.

        Parameters
        ----------
        start, end : float, optional
            Seconds; the frames whose centres lie in ``[start, end]``. The whole recording by
            default.
        channel : int or "mix", optional
            One channel, or the mean of all.
        ref : number > 0, "full scale" or "max"
            What reads 0 dB; librosa's ``ref=1.0`` by default. Values that are no dB, or have no
            reference, stay as they are.

        Returns
        -------
        np.ndarray, float32 [shape=(n_bins, n_frames)]
            What the transform makes, such as dB; with a leading axis of channels for a recording of
            several, unless one is named.

        Raises
        ------
        ParameterError, ParameterTypeError
            A time is no number, `end` lies before `start`, or there is no such channel.
        TransformError
            A function of your own failed.

        Examples
        --------
        >>> import numpy as np, librosa
        >>> y = np.random.default_rng(0).normal(size=8000).astype(np.float32)
        >>> D = librosa.amplitude_to_db(np.abs(librosa.stft(y)), ref=1.0, top_db=None)
        >>> np.allclose(SpecWidget(y, sr=8000).spectrogram(), D, atol=0.01)
        True
        """
        recording = self._recording
        start = 0.0 if start is None else check_number("start", start, 0.0)
        end = recording.duration if end is None else check_number("end", end)
        if end < start:
            raise ParameterError(f"end={end:g} lies before start={start:g}; exchange them")
        n_channels = recording.source.n_channels
        if channel is not None:
            return recording.spectrogram(start, end, check_channel(channel, n_channels), ref)
        if n_channels == 1:
            return recording.spectrogram(start, end, 0, ref)
        return np.stack([recording.spectrogram(start, end, c, ref) for c in range(n_channels)])

    def clip(self, id: str) -> tuple[NDArray[np.float32], float]:
        """Return the sound of one annotation.

        Returns
        -------
        y : np.ndarray, float32 [shape=(n,) or (n_channels, n)]
            Its samples; all of them for a label of the whole recording, one for a point. One
            channel where the annotation names one or the recording has one.
        sr : number
            Samples per second.

        Raises
        ------
        AnnotationError
            There is no such annotation.
        """
        row = self._table.row(id)
        source = self._recording.source
        start, stop = 0, source.n_samples
        if row["start"] is not None:
            start = min(round(row["start"] * source.sr), source.n_samples - 1)
            stop = max(start + 1, round(row["end"] * source.sr))
        if row["channel"] is not None or source.n_channels == 1:
            return read_channel(source, start, stop, row["channel"] or 0), source.sr
        return np.stack(
            [read_channel(source, start, stop, c) for c in range(source.n_channels)]
        ), source.sr

    # Traits -------------------------------------------------------------------------------------

    @traitlets.validate("view")
    def _within_recording(self, proposal: Mapping[str, Any]) -> tuple[float, float]:
        return _clipped("view", proposal["value"], (0.0, self._recording.duration), "s")

    @traitlets.validate("freq_view")
    def _within_band(self, proposal: Mapping[str, Any]) -> tuple[float, float]:
        return _clipped("freq_view", proposal["value"], self._recording.band, "Hz")

    @traitlets.validate("position")
    def _position_within(self, proposal: Mapping[str, Any]) -> float:
        return min(float(proposal["value"]), self._recording.duration)

    @traitlets.validate("channel")
    def _known_channel(self, proposal: Mapping[str, Any]) -> str | int:
        value: str | int = proposal["value"]
        if value != "all":
            check_channel(value, self._recording.source.n_channels)
        return value

    @traitlets.validate("transform")
    def _known_transform(self, proposal: Mapping[str, Any]) -> Transform:
        transform = _checked(proposal["value"])
        with self._retuning:
            # What it cannot do with this recording is said before anything has changed.
            self._tried = self._recording.through(transform)
            if transform != self._recording.transform:
                self._tried.info()
        return transform

    @traitlets.validate("ref")
    def _known_ref(self, proposal: Mapping[str, Any]) -> Ref:
        ref: Ref = proposal["value"]
        self._recording.ref_db(ref)
        return ref

    @traitlets.observe("view")
    def _view_changed(self, change: Mapping[str, Any]) -> None:
        self._router.look(*change["new"])

    @traitlets.observe("transform")
    def _transform_changed(self, change: Mapping[str, Any]) -> None:
        with self.hold_sync():
            with self._retuning:
                before = self._recording
                # Not that of this change: another thread may have set a later one.
                if self.transform == before.transform:
                    return
                recording = before.through(self.transform)
                tried, self._tried = self._tried, None
                if tried and (tried.transform, tried.epoch) == (self.transform, recording.epoch):
                    recording = tried
                self._recording = recording
                self._router.recording_changed()
                self._info = recording.info()
                self._transform = recording.transform.to_json()
                self._ref_db = recording.ref_db(self.ref)
            if not recording.measures_as(before):
                self.db_range = recording.good_range(self.ref)
            low, high = recording.band
            overlaps = self.freq_view[0] < high and self.freq_view[1] > low
            if self.freq_view == before.band or not overlaps or not recording.has_rows_as(before):
                self.freq_view = (low, high)
            else:
                # What of it lies in the new band: the trait clips what it is given.
                self.freq_view = self.freq_view

    @traitlets.observe("ref")
    def _ref_changed(self, change: Mapping[str, Any]) -> None:
        before = self._ref_db
        after = self._recording.ref_db(change["new"])
        with self.hold_sync():
            # The picture stays as bright as it was: only what its dB are called has changed.
            low, high = self.db_range
            self.db_range = (low + before - after, high + before - after)
            self._ref_db = after

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take what the front end may write; what makes no sense is answered by what holds."""
        taken = {name: value for name, value in sync_data.items() if name in _SHARED}
        try:
            super().set_state(taken)
        except (SpecWidgetError, traitlets.TraitError):
            self.send_state(list(taken))

    # The front end ------------------------------------------------------------------------------

    def propose_transform(self, transform: dict[str, Any]) -> None:
        """Change the transform as a person asked in the settings."""
        self.transform = transform_from_json(transform)

    def show_damage(self) -> None:
        """Tell all views what is wrong with the recording, as far as it was read."""
        with self.hold_sync(), self._retuning:
            self._info = self._recording.info()
            self._notice = _notice(self._recording)

    def _receive(self, _widget: object, content: object, buffers: Sequence[object]) -> None:
        self._router.receive(content, buffers or ())

    def _tell(self, content: dict[str, Any], buffers: Sequence[bytes | memoryview]) -> None:
        self.send(content, list(buffers) or None)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle: tuple[dict[str, Any], dict[str, Any]] | None = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            with self._publishing:
                self._router.show(self.channel)
            # A recording that cannot be read any more is shown all the same, and says so itself.
            with contextlib.suppress(SpecWidgetError):
                bundle[0]["image/png"] = base64.b64encode(self._still()).decode("ascii")
        return bundle

    def _still(self) -> bytes:
        """Return a PNG of the present view, for viewers in which no kernel runs."""
        recording = self._recording
        channels: list[ChannelSpec] = list(range(recording.source.n_channels))
        still = still_inputs(
            recording.patched,
            recording.transform,
            view=self.view,
            freq_view=self.freq_view,
            freq_axis=self.freq_axis,
            channels=channels if self.channel == "all" else [self.channel],
        )
        return render_png(
            still,
            rows=self._table.rows(),
            colors={label.name: label.color for label in self._table.labels},
            db_range=self.db_range,
            ref_db=self._ref_db,
            colormap=self.colormap,
            # The name alone: a picture is published where nobody needs to know the folders.
            title=Path(recording.name).name,
        )

    def close(self) -> None:
        """End the widget: its views go, and its threads."""
        # ipywidgets closes what was refused in the constructor, too.
        if "_router" in vars(self):
            self._runs.close()
            self._router.close()
        super().close()


def _notice(recording: Recording) -> dict[str, str] | None:
    """Return what a person must know of a recording before trusting its picture."""
    warning = recording.patched.warning
    return {"level": "warning", "text": warning} if warning else None


def _checked(transform: object) -> Transform:
    if not inspect.isclass(transform) and isinstance(transform, Transform):
        return transform
    hint = "; did you forget the ()?" if inspect.isclass(transform) else ""
    if not hint and callable(transform):
        hint = ", or FromFunction(f, hop_length=..., halo=...) of a function"
    elif hasattr(transform, "shape"):
        hint = ", or Frames(array, hop_length=...) of an array"
    raise ParameterTypeError(
        f"transform={shown(transform)} is no transform; give one such as Stft(n_fft=1024) or "
        f"MelSpectrogram(n_mels=80){hint}"
    )


def _clipped(
    name: str, span: tuple[float, float], bounds: tuple[float, float], unit: str
) -> tuple[float, float]:
    low, high = max(span[0], bounds[0]), min(span[1], bounds[1])
    if low < high:
        return low, high
    raise ParameterError(
        f"{name}=({span[0]:g}, {span[1]:g}) lies outside the recording; give two numbers between "
        f"{bounds[0]:g} and {bounds[1]:g} {unit}"
    )


def _refuse(unknown: Mapping[str, object]) -> None:
    if not unknown:
        return
    known = list(inspect.signature(SpecWidget.__init__).parameters)[1:-1]
    name = next(iter(unknown))
    near = difflib.get_close_matches(name, known, n=1)
    way_out = f"did you mean {near[0]}?" if near else f"it takes {', '.join(known)}"
    raise ParameterTypeError(f"SpecWidget has no argument {name}={shown(unknown[name])}; {way_out}")
