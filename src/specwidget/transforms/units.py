"""What the numbers and the rows of a transform mean."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Units"]


@dataclass(frozen=True, kw_only=True)
class Units:
    """What the numbers and the rows of a transform mean.

    Attributes
    ----------
    name : str
        What a value is called.
    unit : str
        Its unit: ``"dB"``, or ``""`` for a bare number.
    ref_factor : float, optional
        By how many dB a tenfold ``ref`` lowers a value: 20 where librosa measures ``ref`` as an
        amplitude, 10 where as power; None where values have no reference.
    full_scale : float, optional
        What a sine of amplitude 1 reads at the most, where that makes sense.
    limits : (float, float), optional
        The least and the most that values are drawn at, where that is known without looking.
    row_label : str, optional
        What a row is called if it is no frequency, such as ``"coefficient"``.
    row_names : tuple of str, optional
        Names of such rows, the lowest first.
    """

    name: str = "level"
    unit: str = "dB"
    ref_factor: float | None = None
    full_scale: float | None = None
    limits: tuple[float, float] | None = None
    row_label: str | None = None
    row_names: tuple[str, ...] | None = None
