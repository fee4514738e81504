"""From what a person has, series or a function or a name, to an overlay."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from specwidget._check import check_int, check_number, shown
from specwidget.audio.source import AudioSource, ChannelSpec
from specwidget.errors import ParameterError, ParameterTypeError
from specwidget.overlays.features import FEATURES, Axis
from specwidget.overlays.overlay import Line, Overlay, colored
from specwidget.overlays.series import Computed, ComputedSeries, Given, as_values

__all__ = ["feature_overlay", "function_overlay", "given_overlay"]

_COLOR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_MAX_HOP = 1 << 20
_MAX_HALO = 1 << 24
_CHUNK = 256

Colors = str | Sequence[str] | Mapping[str, str] | None
Limits = tuple[float, float] | None


def given_overlay(
    name: str, times: Any, values: Any, *, unit: str, color: Colors, limits: Limits, axis: Axis
) -> Overlay:
    """Make an overlay of values that are there: one series, a dict of them, or rows of an array."""
    at = _times(times)
    if isinstance(values, Mapping):
        names = [str(one) for one in values]
        rows = [as_values(f"values[{one!r}]", row) for one, row in values.items()]
    else:
        array = as_values("values", values)
        rows = [array] if array.ndim == 1 else list(array)
        names = [name] if array.ndim == 1 else [str(k) for k in range(len(rows))]
    for one, row in zip(names, rows, strict=True):
        if row.shape != at.shape:
            raise ParameterError(
                f"overlay {name!r}: {one} has shape={row.shape} for {len(at)} times; give a value "
                "for each time, and series as rows"
            )
    if not rows:
        raise ParameterError(f"overlay {name!r} has no series; give values")
    order = np.argsort(at, kind="stable") if (np.diff(at) < 0).any() else slice(None)
    lines = [
        Line(one, hue, Given(at[order], row[order]))
        for one, hue, row in zip(names, _colors(color, names), rows, strict=True)
    ]
    return Overlay(
        name=name,
        lines=tuple(lines),
        unit=unit,
        limits=_limits(limits) or _seen(rows),
        axis=axis,
    )


def function_overlay(
    name: str,
    f: Callable[[NDArray[np.float32], float], Any],
    source: AudioSource,
    *,
    channel: ChannelSpec,
    hop_length: int,
    halo: int | None,
    names: Sequence[str] | None,
    unit: str,
    color: Colors,
    limits: Limits,
    axis: Axis,
    chunk: int = _CHUNK,
    probe: bool = True,
) -> Overlay:
    """Make an overlay of a function of samples, computed where it is looked at.

    The first chunk is computed at once, so that what the function does wrong is said at once.
    """
    hop = check_int("hop_length", hop_length, 1, _MAX_HOP)
    around = max(4096, 2 * hop) if halo is None else check_int("halo", halo, 0, _MAX_HALO)
    computed = Computed(
        f,
        source,
        channel,
        hop_length=hop,
        halo=around,
        n_series=None if names is None else len(names),
        chunk=chunk,
        name=f"overlay {name!r}",
    )
    if probe:
        computed.values(0, 0, 1, patience=0.0)
    several = _names(name, names, computed.n_series or 1)
    lines = [
        Line(one, hue, ComputedSeries(computed, row))
        for row, (one, hue) in enumerate(zip(several, _colors(color, several), strict=True))
    ]
    return Overlay(name=name, lines=tuple(lines), unit=unit, limits=_limits(limits), axis=axis)


def feature_overlay(
    name: str,
    feature_name: str,
    source: AudioSource,
    *,
    channel: ChannelSpec,
    hop_length: int,
    halo: int | None,
    unit: str,
    color: Colors,
    limits: Limits,
    axis: Axis | None,
    options: Mapping[str, Any],
) -> Overlay:
    """Make an overlay of one of librosa's series."""
    feature = FEATURES.get(feature_name)
    if feature is None:
        raise ParameterError(
            f"overlay {feature_name!r} is unknown; give one of {', '.join(FEATURES)}, a function "
            "f(y, sr), or times and values"
        )
    f: Callable[[NDArray[np.float32], float], Any] = partial(
        _feature, feature.f, hop_length, dict(options)
    )
    return function_overlay(
        name,
        f,
        source,
        channel=channel,
        hop_length=hop_length,
        halo=feature.halo(source.sr) if halo is None else halo,
        names=[name],
        unit=unit or feature.unit,
        color=color,
        limits=feature.limits(source.sr) if limits is None else limits,
        axis=feature.axis if axis is None else axis,
        chunk=feature.chunk,
        probe=False,
    )


def _feature(
    f: Callable[..., Any],
    hop_length: int,
    options: dict[str, Any],
    y: NDArray[np.float32],
    sr: float,
) -> Any:
    return f(y, sr, hop_length, **options)


def _names(name: str, names: Sequence[str] | None, n: int) -> list[str]:
    if names is not None:
        return [str(one) for one in names]
    return [name] if n == 1 else [str(row) for row in range(n)]


def _times(times: Any) -> NDArray[np.float64]:
    try:
        at = np.asarray(times, dtype=np.float64)
    except (TypeError, ValueError):
        at = np.empty((0, 0))
    if at.ndim != 1 or not np.isfinite(at).all():
        raise ParameterTypeError(
            f"times={shown(times)} are no times; give finite seconds [shape=(n,)]"
        )
    return at


def _limits(limits: Limits) -> Limits:
    if limits is None:
        return None
    if len(limits) != 2:
        raise ParameterError(f"limits={limits!r} are no limits; give the ends of the axis, (0, 1)")
    low, high = (check_number("limits", number) for number in limits)
    if not low < high:
        raise ParameterError(f"limits=({low:g}, {high:g}): the first must be the smaller")
    return low, high


def _seen(rows: list[NDArray[np.float32]]) -> Limits:
    """Return the least and the largest value there is."""
    finite = [row[~np.isnan(row)] for row in rows]
    lows = [float(row.min()) for row in finite if len(row)]
    highs = [float(row.max()) for row in finite if len(row)]
    if not lows:
        return None
    low, high = min(lows), max(highs)
    return (low, high) if low < high else (low - 0.5, high + 0.5)


def _colors(colors: Colors, names: list[str]) -> list[str | None]:
    found = colored(colors, names)
    for color in found:
        if color is not None and not (isinstance(color, str) and _COLOR.match(color)):
            raise ParameterError(f"color={shown(color)} is no colour; give one such as '#e07020'")
    return found
