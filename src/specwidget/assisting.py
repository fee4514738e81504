"""What helps a person to label: functions that mark what they find, in the background.

Invariant: what assistants find comes in as drafts, for a person to accept or reject, and each run
is one step of the history.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd
import traitlets

from specwidget import protocol
from specwidget._check import check_number, shown
from specwidget.annotations import NAMES, Add, Change, Remove
from specwidget.assist import Assistants, AssistRun, Row
from specwidget.assist.registry import built_in, name_of, needs_of
from specwidget.assist.runs import Runs
from specwidget.assist.sound import Sound
from specwidget.assist.windows import Scan, scan_windows
from specwidget.audio import ChannelSpec, check_channel, read_channel
from specwidget.errors import ParameterError, ParameterTypeError
from specwidget.measuring import Measuring

__all__ = ["Assisting"]

# A function that says nothing of windows is given no more than this at a time, in seconds.
_LONGEST_WINDOW = 60.0
_LONGEST_EXAMPLE = 60.0


class Assisting(Measuring):
    """The part of a widget that runs assistants."""

    _assistants: Any = traitlets.List().tag(sync=True)

    _registry: Assistants
    _runs: Runs
    _tell: Callable[[dict[str, Any], Sequence[bytes | memoryview]], None]

    def _begin_assisting(self) -> None:
        """Set up what the methods below need; called once, by the constructor."""
        self._runs = Runs(self._tell_run)
        self._registry = Assistants(built_in(), self._show_assistants)

    @property
    def assistants(self) -> Assistants:
        """The assistants in the menu, by name; put your own in: ``w.assistants["mine"] = f``."""
        return self._registry

    @assistants.setter
    def assistants(self, assistants: Mapping[str, Any]) -> None:
        self._registry = Assistants(assistants, self._show_assistants)
        self._show_assistants()

    def assist(
        self,
        f: Callable[[Any, float], object] | str,
        span: str | tuple[float, float] = "view",
        *,
        name: str | None = None,
        label: str | None = None,
        window: float | None = None,
        overlap: float = 0.0,
        channel: ChannelSpec = "mix",
        replace: bool = False,
        wait: bool = False,
    ) -> AssistRun:
        """Have a function mark what it finds, in the background.

        What it finds is added as drafts, in one step of the history, when it is through.

        Parameters
        ----------
        f : callable or str
            ``f(y, sr)`` gets samples [shape=(n,)], float32 and finite, and their rate, and returns
            a DataFrame or a list of ``(start, end, label, score)``, in seconds from the first
            sample; dicts may have ``low_freq``, ``high_freq`` and other columns too. A generator
            function yields them one by one. Or the name of one of `assistants`: ``"find_sounds"``,
            ``"find_onsets"``, ``"find_similar"``, which looks for the selected annotation.
        span : "view", "selection", "recording" or (float, float)
            What to look through, in seconds.
        name : str, optional
            The `source` of what is found; by default the function's name.
        label : str, optional
            The label of what is found without one.
        window, overlap : float, optional
            The function gets windows of so many seconds, each of which begins `overlap` seconds
            before the end of the one before; what two windows find in their overlap comes once. An
            overlap as long as the longest sound sees to it that none is cut in two. By default the
            whole span up to a minute, and windows of a minute of a longer one.
        channel : int or "mix"
            What it listens to: a channel, to which what is found then belongs, or the mean of all.
        replace : bool
            Whether drafts go that a run of the same name has left in the span before.
        wait : bool
            Whether to wait for the end, and to raise what the function raises.

        Returns
        -------
        AssistRun
            With ``wait()``, ``cancel()``, ``progress``, ``state``, ``result`` and ``error``.

        Raises
        ------
        ParameterError, ParameterTypeError
            An argument makes no sense, or a run of that name is under way.

        Examples
        --------
        >>> import numpy as np
        >>> from specwidget import SpecWidget
        >>> y = np.zeros(16000, np.float32)
        >>> y[4000:8000] = 0.5
        >>> w = SpecWidget(y, sr=8000)
        >>> def loud(y, sr):
        ...     where = np.flatnonzero(np.abs(y) > 0.1) / sr
        ...     return [(where[0], where[-1], "loud", 0.9)] if len(where) else []
        >>> w.assist(loud, span="recording").wait()
        <AssistRun loud: done, 1 found>
        >>> w.annotations[["label", "source", "status"]]
          label source status
        0  loud   loud  draft
        """
        if isinstance(f, str):
            name, f = name or f, self._known_assistant(f)
        if not callable(f) or isinstance(f, type):
            hint = "; did you forget the ()?" if isinstance(f, type) else ""
            raise ParameterTypeError(
                f"f={shown(f)} is no function; give a function of (y, sr){hint}"
            )
        if needs_of(f) == "selection":
            f = self._like(f, self.selected[:1])
        run = self._start_run(
            f,
            self._span(span),
            name=name_of(f) if name is None else name,
            label=label,
            window=window,
            overlap=overlap,
            channel=channel,
            replace=replace,
        )
        if wait:
            run.wait()
            if run.error is not None:
                raise run.error
        return run

    def find_similar(
        self,
        id: str,
        span: str | tuple[float, float] = "recording",
        *,
        threshold: float = 0.5,
        **options: Any,
    ) -> AssistRun:
        """Mark what looks like an annotation, by the correlation of log-mel spectrograms.

        Parameters
        ----------
        id : str
            What to look for: a box, or an interval.
        span : "view", "selection", "recording" or (float, float)
            What to look through, in seconds.
        threshold : float in 0..1
            The least score.
        **options
            As of `assist`.

        Returns
        -------
        AssistRun

        Raises
        ------
        AnnotationError, ParameterError, ParameterTypeError
            There is no such annotation, it has no length, or an argument makes no sense.
        """
        from specwidget.assist import FindSimilar

        f = self._like(FindSimilar(threshold=threshold), [id])
        if "channel" not in options:
            channel = self._table.row(id)["channel"]
            options["channel"] = "mix" if channel is None else channel
        return self.assist(f, span, **{"name": "find_similar", **options})

    # For views ----------------------------------------------------------------------------------

    def assist_from_view(
        self,
        name: str,
        span: tuple[float, float] | None,
        channel: ChannelSpec,
        ids: Sequence[str],
    ) -> None:
        """Run an assistant as a person asked; drafts that it left there before are replaced."""
        f = self._known_assistant(name)
        if needs_of(f) == "selection":
            f = self._like(f, ids)
        duration = self._recording.duration
        self._start_run(
            f,
            self._span((0.0, duration) if span is None else span),
            name=name,
            label=None,
            window=None,
            overlap=0.0,
            channel=channel,
            replace=True,
        )

    def cancel_from_view(self, name: str) -> None:
        """Cancel a run as a person asked; if there is none, it has ended meanwhile."""
        self._runs.cancel(name)

    def run_states(self) -> list[dict[str, Any]]:
        """Return messages that tell of the runs under way."""
        return [_state_of(run) for run in self._runs.running()]

    # Within -------------------------------------------------------------------------------------

    def _known_assistant(self, name: str) -> Any:
        if name not in self._registry:
            raise ParameterError(
                f"there is no assistant {shown(name)}; there are: {', '.join(self._registry)}"
            )
        return self._registry[name]

    def _like(self, f: Any, ids: Sequence[str]) -> Any:
        """Return an assistant that looks for an annotation."""
        if not ids:
            raise ParameterError("nothing is selected; select the annotation to look for")
        row = self._table.row(ids[0])
        source = self._recording.patched
        start = 0 if row["start"] is None else round(row["start"] * source.sr)
        stop = 0 if row["start"] is None else round(row["end"] * source.sr)
        if stop - start > _LONGEST_EXAMPLE * source.sr:
            raise ParameterError(
                f"annotation {row['id']!r} lasts {(stop - start) / source.sr:.0f} s; select one of "
                f"at most {_LONGEST_EXAMPLE:g} s to find more like it"
            )
        channel: ChannelSpec = "mix" if row["channel"] is None else int(row["channel"])
        return f.like(read_channel(source, start, stop, channel), source.sr, row)

    def _span(self, span: object) -> tuple[float, float]:
        if span == "view":
            first, last = self.view
            return float(first), float(last)
        if span == "selection":
            return self._selection_or_raise()
        if span == "recording":
            return 0.0, self._recording.duration
        if not isinstance(span, tuple | list) or len(span) != 2:
            raise ParameterError(
                f"span={shown(span)} is unknown; give 'view', 'selection', 'recording' or "
                "(start, end)"
            )
        start, end = (check_number("span", one, 0.0) for one in span)
        end = min(end, self._recording.duration)
        if not start < end:
            raise ParameterError(
                f"span=({start:g}, {end:g}) holds nothing; give seconds within 0 and "
                f"{self._recording.duration:g}"
            )
        return start, end

    def _start_run(
        self,
        f: Any,
        span: tuple[float, float],
        *,
        name: str,
        label: str | None,
        window: float | None,
        overlap: float,
        channel: ChannelSpec,
        replace: bool,
    ) -> AssistRun:
        if not isinstance(name, str) or not 0 < len(name) <= 256:
            raise ParameterTypeError(f"name={shown(name)} is no name; give 1 to 256 characters")
        source = self._recording.patched
        channel = check_channel(channel, source.n_channels)
        first = round(span[0] * source.sr)
        stop = min(max(first + 1, round(span[1] * source.sr)), source.n_samples)
        sound = Sound(source, channel, first, stop)
        rows_channel = channel if channel != "mix" and source.n_channels > 1 else None

        def finish(rows: list[Row]) -> pd.DataFrame:
            return self._add_drafts(
                rows,
                name,
                self._default_label(f) if label is None else label,
                rows_channel,
                span if replace else None,
            )

        scan = _scanner(f, name, sound, window, overlap)
        run = AssistRun(name, sound.duration, scan, finish, self._runs.changed)
        self._runs.start(run)
        return run

    def _default_label(self, f: Any) -> str:
        """Return the label of a built-in assistant, unless the label set is closed to it."""
        label = getattr(f, "label", "")
        labels = self._table.labels
        is_taken = labels.open or label in [one.name for one in labels]
        return label if isinstance(label, str) and is_taken else ""

    def _add_drafts(
        self,
        rows: list[Row],
        name: str,
        label: str,
        channel: int | None,
        replaced: tuple[float, float] | None,
    ) -> pd.DataFrame:
        given = {"source": name, "status": "draft"}
        added = [
            {"channel": channel, **row, **given, "label": row.get("label") or label} for row in rows
        ]
        table = self._table
        before: set[str] = set()

        def make() -> Change:
            before.update(table.ids())
            gone = [] if replaced is None else self._drafts_of(name, replaced)
            new_columns = (
                {column for row in added for column in row} - set(NAMES) - set(table.extras)
            )
            if not new_columns:
                return table.apply([*map(Remove, gone), *map(Add, added)])
            # Only a DataFrame brings columns that there are not yet.
            frame = table.to_dataframe()
            kept = frame[~frame["id"].isin(gone)]
            return table.replace(pd.concat([kept, pd.DataFrame(added)], ignore_index=True))

        self._change(make)
        frame = table.to_dataframe()
        return frame[~frame["id"].isin(before)].reset_index(drop=True)

    def _drafts_of(self, name: str, span: tuple[float, float]) -> list[str]:
        frame = self._table.to_dataframe()
        middle = (frame["start"] + frame["end"]) / 2.0
        mine = (frame["source"] == name) & (frame["status"] == "draft") & middle.between(*span)
        return [str(one) for one in frame.loc[mine, "id"]]

    def _show_assistants(self) -> None:
        self._assistants = self._registry.to_json()

    def _tell_run(self, run: AssistRun) -> None:
        # Without a connection nobody is there to be told.
        with contextlib.suppress(Exception):
            self._tell(_state_of(run), ())


def _state_of(run: AssistRun) -> dict[str, Any]:
    return protocol.assist_state(
        name=run.name,
        state=run.state,
        done=run.progress * run.total,
        total=run.total,
        text=run.text,
        n=run.n,
    )


def _scanner(
    f: Any, name: str, sound: Sound, window: float | None, overlap: float
) -> Callable[[], Scan]:
    """Return what begins to look through a sound."""
    overlap = check_number("overlap", overlap, 0.0)
    if window is None and callable(getattr(f, "scan", None)):
        return lambda: f.scan(sound)
    size = (
        min(sound.duration, _LONGEST_WINDOW) if window is None else check_number("window", window)
    )
    if size <= 0.0 or (overlap >= size and overlap > 0.0):
        raise ParameterError(
            f"window={size:g} and overlap={overlap:g} get nowhere; give seconds with "
            "0 <= overlap < window"
        )
    return lambda: scan_windows(f, name, sound, window=size, overlap=overlap)
