"""What is drawn over and beside the picture of a widget: series as lines, matrices as layers.

Invariant: an overlay or a layer that is changed gets another id, so that what views have of the old
one is not taken for the new one's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import traitlets

from specwidget._check import shown
from specwidget.audio import ChannelSpec, check_channel
from specwidget.errors import ParameterError, ParameterTypeError
from specwidget.layers import Layer, Layers
from specwidget.overlays import Axis, Overlay, Overlays, Series
from specwidget.overlays.making import feature_overlay, function_overlay, given_overlay
from specwidget.recording import Recording
from specwidget.routing import Router
from specwidget.settings import COLORMAPS
from specwidget.transforms import Frames, Transform

__all__ = ["Overlaying"]

_AXES = ("own", "frequency")


class Overlaying(traitlets.HasTraits):
    """The part of a widget that has overlays and layers."""

    _overlays: Any = traitlets.List().tag(sync=True)
    _layers: Any = traitlets.List().tag(sync=True)

    _lines: Overlays
    _stack: Layers
    _recording: Recording
    _router: Router

    def _begin_overlaying(self) -> None:
        """Set up what the methods below need; called once, by the constructor."""
        self._lines = Overlays()
        self._stack = Layers()

    # Lines --------------------------------------------------------------------------------------

    @property
    def overlays(self) -> Mapping[str, Overlay]:
        """The overlays by name; `overlay` and `remove_overlay` change them."""
        return self._lines

    def overlay(
        self,
        name: str,
        times: Any = None,
        values: Any = None,
        *,
        unit: str = "",
        color: str | Sequence[str] | Mapping[str, str] | None = None,
        limits: tuple[float, float] | None = None,
        axis: Axis | None = None,
        hop_length: int = 512,
        halo: int | None = None,
        names: Sequence[str] | None = None,
        channel: ChannelSpec = "mix",
        **options: Any,
    ) -> Overlay:
        """Draw a series of values over the picture, as a line; or several, on one axis.

        ``w.overlay(name, times, values)`` draws values that you have. ``w.overlay(name, f)`` draws
        what a function makes of the samples, computed where it is looked at. ``w.overlay("rms")``,
        ``"zero_crossing_rate"``, ``"spectral_centroid"`` and ``"pitch"`` (``librosa.pyin``) draw
        librosa's; ``w.overlay("loudness", "rms", frame_length=4096)`` under another name.

        Parameters
        ----------
        name : str
            Its name; another overlay of this name goes.
        times : array-like [shape=(n,)], callable or str
            Seconds; or ``f(y, sr)``, which returns one value in a hop [shape=(n,) or
            (n_series, n)], value i for sample ``i * hop_length`` of what it is given; or the
            name of one of librosa's series.
        values : array-like [shape=(n,) or (n_series, n)] or dict
            A value for each time, NaN for a gap; several series as rows, or by name.
        unit : str
            The unit of the values.
        color : str, list or dict of str, optional
            "#rrggbb", for all series or for each.
        limits : (float, float), optional
            The ends of the axis; by default what there is, or what is in view.
        axis : "own" or "frequency", optional
            Its own axis, the default, or that of the spectrogram, for values in Hz.
        hop_length : int > 0
            Samples from one value of a function to the next.
        halo : int >= 0, optional
            How many samples before and after a value's own have a say in it: at least half a frame
            of the function; 4096 by default.
        names : sequence of str, optional
            Names of the series that a function gives.
        channel : int or "mix"
            What a function gets.
        **options
            Parameters of librosa's function, such as ``fmin`` and ``fmax`` of ``"pitch"``.

        Returns
        -------
        Overlay

        Raises
        ------
        ParameterError, ParameterTypeError
            An argument makes no sense. A function is tried on its first chunk, and raises here
            what it raises there.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import SpecWidget
        >>> w = SpecWidget(np.zeros(16000), sr=8000)
        >>> w.overlay("song", [0.0, 1.0, 2.0], [0.1, 0.9, 0.2], limits=(0, 1))
        <overlay song: song>
        >>> def loudest(y, sr):
        ...     return np.abs(np.resize(y, (len(y) // 512 + 1, 512))).max(axis=1)
        >>> w.overlay("peak", loudest, hop_length=512)
        <overlay peak: peak>
        >>> list(w.overlays)
        ['song', 'peak']
        """
        if not isinstance(name, str) or not 0 < len(name) <= 256:
            raise ParameterTypeError(f"name={shown(name)} is no name; give 1 to 256 characters")
        if axis is not None and axis not in _AXES:
            raise ParameterError(f"axis={shown(axis)} is unknown; give 'own' or 'frequency'")
        source = self._recording.patched
        channel = check_channel(channel, source.n_channels)
        what = name if times is None and values is None else times
        if not isinstance(what, str) and options:
            raise ParameterTypeError(
                f"overlay has no argument {next(iter(options))!r}; only librosa's series take more"
            )
        if isinstance(what, str):
            made = feature_overlay(
                name,
                what,
                source,
                channel=channel,
                hop_length=hop_length,
                halo=halo,
                unit=unit,
                color=color,
                limits=limits,
                axis=axis,
                options=options,
            )
        elif callable(what):
            made = function_overlay(
                name,
                what,
                source,
                channel=channel,
                hop_length=hop_length,
                halo=halo,
                names=names,
                unit=unit,
                color=color,
                limits=limits,
                axis=axis or "own",
            )
        else:
            made = given_overlay(
                name, what, values, unit=unit, color=color, limits=limits, axis=axis or "own"
            )
        self._lines.put(made)
        self._overlays = self._lines.to_json()
        return made

    def remove_overlay(self, name: str) -> None:
        """Take an overlay out.

        Raises
        ------
        ParameterError
            There is none of this name.
        """
        self._lines.remove(name)
        self._overlays = self._lines.to_json()

    def series(self, id: str) -> Series | None:
        """Return the series of a line by its id in the trait ``_overlays``, for views."""
        return self._lines.series(id)

    # Layers -------------------------------------------------------------------------------------

    @property
    def layers(self) -> Mapping[str, Layer]:
        """The further layers by name; `layer` and `remove_layer` change them."""
        return self._stack

    def layer(
        self,
        name: str,
        what: Transform | Any,
        *,
        colormap: str | None = None,
        **options: Any,
    ) -> Layer:
        """Add a matrix over time as a further picture: chroma, MFCC, a model's activations.

        Parameters
        ----------
        name : str
            Its name; another layer of this name goes.
        what : Transform or array-like [shape=(n_rows, n_frames)]
            What makes frames of the samples, such as ``Chroma()`` or ``Mfcc()``; or the frames,
            with ``hop_length`` and whatever else `Frames` takes.
        colormap : str, optional
            As of the widget; by default the widget's.
        **options
            Of `Frames`, for an array.

        Returns
        -------
        Layer

        Raises
        ------
        ParameterError, ParameterTypeError
            An argument makes no sense.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import MelSpectrogram, SpecWidget
        >>> w = SpecWidget(np.zeros(16000), sr=8000)
        >>> w.layer("mel", MelSpectrogram(n_mels=40))
        <layer mel: MelSpectrogram>
        """
        if not isinstance(name, str) or not 0 < len(name) <= 256:
            raise ParameterTypeError(f"name={shown(name)} is no name; give 1 to 256 characters")
        if colormap is not None and colormap not in COLORMAPS:
            raise ParameterError(
                f"colormap={shown(colormap)} is unknown; give one of {', '.join(COLORMAPS)}"
            )
        made = Layer(name, _transform(what, options), colormap)
        self._stack.put(made, self._recording, self._router.tilesets)
        self._show_layers()
        return made

    def remove_layer(self, name: str) -> None:
        """Take a layer out.

        Raises
        ------
        ParameterError
            There is none of this name.
        """
        self._stack.remove(name)
        self._show_layers()

    def _show_layers(self) -> None:
        # Views that hear of a layer find that it is served.
        self._router.layers_changed(self._stack.tilesets())
        self._layers = self._stack.to_json()


def _transform(what: Any, options: Mapping[str, Any]) -> Transform:
    if isinstance(what, type):
        raise ParameterTypeError(f"what={shown(what)} is a class; did you forget the ()?")
    if isinstance(what, Transform):
        if options:
            raise ParameterTypeError(
                f"layer has no argument {next(iter(options))!r}; only an array takes more"
            )
        return what
    if "hop_length" not in options:
        raise ParameterTypeError(
            "layer: an array does not know when its frames are; give hop_length in samples"
        )
    return Frames(what, **options)
