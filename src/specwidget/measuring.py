"""What can be measured of a widget's recording: its annotations, and spectra.

Invariant: nothing here changes the widget.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from specwidget import measurements
from specwidget.audio import ChannelSpec
from specwidget.errors import ParameterError
from specwidget.labelling import Labelling
from specwidget.measurements import Spectrum, UserMeasure
from specwidget.recording import Recording

__all__ = ["Measuring"]


class Measuring(Labelling):
    """The part of a widget that measures."""

    view: Any
    selected: Any
    _recording: Recording

    def measure(
        self,
        ids: str | Iterable[str] | None = None,
        *,
        columns: Iterable[str] | None = None,
        measure: UserMeasure | Iterable[UserMeasure] = (),
        n_fft: int | None = None,
        hop_length: int | None = None,
        window: Any = None,
    ) -> pd.DataFrame:
        """Measure annotations: duration, frequencies, levels, entropy and so on.

        The columns, and what they mean, are those of `specwidget.measure`.

        Parameters
        ----------
        ids : str or iterable of str, optional
            Which annotations; all by default.
        columns : iterable of str, optional
            Which columns; all by default.
        measure : callable or iterable of callable, optional
            Functions of your own, ``f(y, sr)``, that return a number or a dict of several.
        n_fft, hop_length, window
            What makes frames, as in `Stft`; by default as in the picture.

        Returns
        -------
        DataFrame
            A row for each annotation; its index is their ``id``.

        Raises
        ------
        AnnotationError, ParameterError, ParameterTypeError
            There is no such annotation, or an argument makes no sense.

        Examples
        --------
        >>> from specwidget import SpecWidget
        >>> y = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 8000)
        >>> w = SpecWidget(y, sr=8000)
        >>> tone = w.add(start=0.5, end=1.5, label="tone", low_freq=900, high_freq=1100)
        >>> w.measure(columns=["duration", "peak_freq", "peak_db"]).loc[tone].round(1)
        duration        1.0
        peak_freq    1000.0
        peak_db       -20.0
        Name: ..., dtype: float64
        """
        frame = self._table.to_dataframe()
        if ids is not None:
            wanted = [ids] if isinstance(ids, str) else list(ids)
            for one in wanted:
                self._table.row(one)
            frame = frame.set_index("id", drop=False).loc[wanted]
        transform = self._recording.transform
        shown = getattr(transform, "n_fft", None) if n_fft is None else None
        if hop_length is None and shown is not None:
            hop_length = transform.hop
        return measurements.measure(
            self._recording.patched,
            frame,
            columns=columns,
            measure=measure,
            n_fft=n_fft or shown or 2048,
            hop_length=hop_length,
            window=window if window is not None else getattr(transform, "window", "hann"),
        )

    def spectrum(
        self,
        start: float | None = None,
        end: float | None = None,
        *,
        channel: ChannelSpec | None = None,
        n_fft: int | None = None,
        window: Any = "hann",
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return the spectrum of a stretch of the recording.

        One windowed FFT of a short stretch, Welch's mean of a long one. A sine of full scale reads
        0 dB at its peak.

        Parameters
        ----------
        start, end : float, optional
            Seconds; by default the selected annotations, from the first start to the last end, or
            the view if none is selected.
        channel : int or "mix", optional
            One channel, or the mean of all, which is the default.
        n_fft : int in 2..65536, optional
            Length of the FFT; by default twice as long as the stretch, at most 65536.
        window : str, number, tuple, array-like or callable
            As in `Stft`.

        Returns
        -------
        frequencies, db : np.ndarray, float64 [shape=(n,)]
            Hz, and dBFS, at least -200.

        Raises
        ------
        ParameterError, ParameterTypeError
            There are no samples between the two times, or an argument makes no sense.

        Examples
        --------
        >>> from specwidget import SpecWidget
        >>> y = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(16000) / 8000)
        >>> frequencies, db = SpecWidget(y, sr=8000).spectrum(0.5, 1.5)
        >>> frequencies[db.argmax()], db.max().round(1)
        (np.float64(1000.0), np.float64(-20.0))
        """
        found = self._spectrum(start, end, channel, n_fft, window)
        return found.frequencies, found.db

    def spectrum_peaks(
        self,
        start: float | None = None,
        end: float | None = None,
        *,
        n: int = 5,
        channel: ChannelSpec | None = None,
        n_fft: int | None = None,
        window: Any = "hann",
    ) -> pd.DataFrame:
        """Return the highest peaks of `spectrum`, found between its bins.

        Parameters
        ----------
        start, end, channel, n_fft, window
            As in `spectrum`.
        n : int > 0
            How many peaks at most.

        Returns
        -------
        DataFrame
            ``freq`` in Hz and ``db`` in dBFS, the highest first.

        Examples
        --------
        >>> from specwidget import SpecWidget
        >>> y = 0.1 * np.sin(2 * np.pi * 1000.3 * np.arange(16000) / 8000)
        >>> SpecWidget(y, sr=8000).spectrum_peaks(0.5, 1.5).round(1)
             freq    db
        0  1000.3 -20.0
        """
        found = self._spectrum(start, end, channel, n_fft, window)
        frequencies, db = measurements.peaks(found, n)
        return pd.DataFrame({"freq": frequencies, "db": db})

    def _spectrum(
        self,
        start: float | None,
        end: float | None,
        channel: ChannelSpec | None,
        n_fft: int | None,
        window: Any,
    ) -> Spectrum:
        first, last = self._selection() or self.view
        return measurements.spectrum(
            self._recording.patched,
            first if start is None else start,
            last if end is None else end,
            channel="mix" if channel is None else channel,
            n_fft=n_fft,
            window=window,
        )

    def _selection(self) -> tuple[float, float] | None:
        """Return the times from the first to the last of what is selected; None if nothing is."""
        rows = [self._table.row(one) for one in self.selected if one in self._table]
        if not rows:
            return None
        if any(row["start"] is None for row in rows):
            return 0.0, self._recording.duration
        start, end = min(row["start"] for row in rows), max(row["end"] for row in rows)
        return (start, end) if start < end else None

    def _selection_or_raise(self) -> tuple[float, float]:
        found = self._selection()
        if found is None:
            raise ParameterError(
                'span="selection": no annotation with a length is selected; select one, or give '
                "(start, end)"
            )
        return found
