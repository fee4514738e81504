"""The lanes in which annotations lie, and the labels and lanes that a person may not touch.

Invariant: a lane's name stands once, and "" is no lane: it is where annotations lie that have none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from specwidget.annotations.columns import Columns
from specwidget.annotations.problems import Names, refuse, show

__all__ = ["Locked", "Tiers"]


@dataclass(frozen=True, slots=True)
class Tiers:
    """Lanes in the order in which they are shown.

    Parameters
    ----------
    names : tuple of str
    open : bool, default=True
        Whether annotations may bring new ones, which are then added at the end.
    """

    names: tuple[str, ...] = ()
    open: bool = True

    def with_tiers(self, names: Iterable[str]) -> Tiers:
        """Add lanes at the end; those that are there are passed over, and so is ""."""
        new = tuple(name for name in dict.fromkeys(names) if name and name not in self.names)
        return Tiers(self.names + new, self.open) if new else self

    def check(self, rows: Columns, names: Names) -> None:
        """Refuse rows of other lanes, which an open set lets all be.

        Parameters
        ----------
        rows : Columns
        names : callable
            Words for the row at a place.

        Raises
        ------
        AnnotationError
        """
        known = {"", *self.names}
        tiers = rows["tier"].tolist()
        if self.open or set(tiers) <= known:
            return
        refuse(
            "there is no such tier",
            np.fromiter((tier not in known for tier in tiers), np.bool_, len(tiers)),
            names,
            lambda place: f"tier={show(tiers[place])}",
            f"give one of {', '.join(map(show, self.names))}, or pass allow_new_tiers=True",
        )


@dataclass(frozen=True, slots=True)
class Locked:
    """What a person may look at and not change; Python may.

    Parameters
    ----------
    labels, tiers : frozenset of str
        A row with any of these is locked.
    """

    labels: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.labels or self.tiers)

    def check(self, rows: Columns, names: Names) -> None:
        """Refuse rows that are locked.

        Parameters
        ----------
        rows : Columns
            With ``label`` and ``tier``.
        names : callable
            Words for the row at a place.

        Raises
        ------
        AnnotationError
        """
        labels, tiers = rows["label"].tolist(), rows["tier"].tolist()
        bad = np.fromiter(
            (
                label in self.labels or tier in self.tiers
                for label, tier in zip(labels, tiers, strict=True)
            ),
            np.bool_,
            len(labels),
        )
        if not bad.any():
            return

        def why(place: int) -> str:
            is_label = labels[place] in self.labels
            return f"label={show(labels[place])}" if is_label else f"tier={show(tiers[place])}"

        refuse("locked", bad, names, why, "unlock the label or the tier to change it")
