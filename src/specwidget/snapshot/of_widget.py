"""A still picture of a widget as it stands.

Invariant: takes about as long as a display may take, whatever the length of the recording, and
tells nobody where the file lies: only the last part of its path is written.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from specwidget.snapshot.gather import still_inputs
from specwidget.snapshot.render import render_png

if TYPE_CHECKING:
    from specwidget.widget import SpecWidget

__all__ = ["picture_of"]

_COLUMNS = ["start", "end", "low_freq", "high_freq", "label", "channel", "status"]
_SECONDS = 0.06


def picture_of(widget: SpecWidget) -> bytes:
    """Draw what a widget shows: its window, colours and annotations.

    Parameters
    ----------
    widget : SpecWidget
        The widget.

    Returns
    -------
    bytes
        A PNG file.
    """
    recording = widget.recording
    source = recording.source
    view: tuple[float, float] = tuple(widget.view)
    still = still_inputs(
        source,
        recording.transform,
        view=view,
        freq_view=tuple(widget.freq_view),
        freq_axis=widget.freq_axis,
        channels=None if widget.channel == "all" else [widget.channel],
        seconds=_SECONDS,
    )
    table = widget.annotations[_COLUMNS]
    unseen = (table["end"] < view[0]) | (table["start"] > view[1])
    rows: list[dict[str, Any]] = [
        {str(name): value for name, value in row.items()}
        for row in table[~unseen].to_dict("records")
    ]
    return render_png(
        still,
        rows=rows,
        colors={label.name: label.color for label in widget.labels},
        db_range=tuple(widget.db_range),
        ref_db=widget._ref_db,
        colormap=widget.colormap,
        title=_title(source.name, source.sr, source.n_channels),
    )


def _title(name: str, sr: float, n_channels: int) -> str:
    channels = {1: "mono", 2: "stereo"}.get(n_channels, f"{n_channels} channels")
    return f"{PurePath(name).name or name} · {sr / 1000:g} kHz · {channels}"
