"""The set of labels a person can choose from, each with a colour and perhaps a key and a group.

Invariant: names are unique, keys are unique, and every colour is written ``#rrggbb``. A label set
never changes; adding a label gives another set. Each colour of the palette has a contrast of at
least 3:1 against white and against #111111, and stays apart from the others for colour-blind eyes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

from specwidget.errors import ParameterError, ParameterTypeError

__all__ = ["KEYS", "MAX_LABEL", "PALETTE", "Label", "LabelSet"]

PALETTE: Final = (
    "#1e78e1",
    "#a54b00",
    "#00a54b",
    "#c31e96",
    "#9687d2",
    "#5a693c",
    "#e11e69",
    "#b47887",
    "#963cb4",
    "#96962d",
    "#2d785a",
    "#d269a5",
)
KEYS: Final = tuple("123456789")
"""The keys that are given in order; any other letter or digit has to be asked for."""
MAX_LABEL: Final = 256

_COLOR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})\Z")
_MEMBERS = ("name", "color", "key", "group")


@dataclass(frozen=True, slots=True)
class Label:
    """One entry of the palette.

    Parameters
    ----------
    name : str
        What stands in the column ``label``.
    color : str
        ``"#rrggbb"``; the short form ``"#rgb"`` is written out.
    key : str, optional
        The key that gives this label: one letter or digit, the same in upper and lower case. It
        wins over what the key does otherwise.
    group : str, optional
        The heading under which it is shown.
    """

    name: str
    color: str
    key: str | None = None
    group: str | None = None

    def __post_init__(self) -> None:
        _check_name("name", self.name)
        if self.group is not None:
            _check_name("group", self.group)
            object.__setattr__(self, "group", str(self.group))
        if not isinstance(self.color, str):
            raise ParameterTypeError(
                f"labels: the color of {self.name!r} is {self.color!r:.80}; write it as '#rrggbb'"
            )
        if not _COLOR.match(self.color):
            raise ParameterError(
                f"labels: the color of {self.name!r} is {self.color!r:.80}; write it as '#rrggbb'"
            )
        object.__setattr__(self, "name", str(self.name))
        color = self.color.lower()
        if len(color) == 4:
            color = "#" + "".join(digit * 2 for digit in color[1:])
        object.__setattr__(self, "color", color)
        if self.key is not None:
            if not isinstance(self.key, str) or not _is_key(self.key):
                kind = ParameterError if isinstance(self.key, str) else ParameterTypeError
                raise kind(
                    f"labels: the key of {self.name!r} is {self.key!r:.80}; "
                    "give one letter or digit, such as 'b' or '7', or None"
                )
            object.__setattr__(self, "key", str(self.key.lower()))

    def to_json(self) -> dict[str, Any]:
        """Give the label as a JSON object."""
        return {"name": self.name, "color": self.color, "key": self.key, "group": self.group}


class LabelSet(Sequence[Label]):
    """Labels in the order in which they are shown.

    Parameters
    ----------
    labels : iterable of Label
        Names and keys must be unique.
    open : bool, default=False
        Whether annotations may bring new labels, which are then added to the set.
    """

    __slots__ = ("_by_name", "_labels", "_open")

    def __init__(self, labels: Iterable[Label] = (), *, open: bool = False) -> None:
        self._labels = tuple(labels)
        self._open = bool(open)
        _refuse_twice("name", (label.name for label in self._labels))
        _refuse_twice("key", (label.key for label in self._labels if label.key is not None))
        self._by_name = {label.name: label for label in self._labels}

    @classmethod
    def parse(cls, labels: object, *, open: bool | None = None) -> LabelSet:
        """Read what a person writes for ``labels=``.

        Parameters
        ----------
        labels : sequence of str, Mapping or Label; Mapping; LabelSet; or None
            Names; or objects with ``name`` and, if wanted, ``color``, ``key`` and ``group``; or a
            mapping from name to color. What is left out is chosen: colors from the palette, keys
            1 to 9 in order. ``key=None`` is for a label without a key.
        open : bool, optional
            Whether new labels are allowed. The default is ``True`` where ``labels`` is ``None``,
            and else ``False``.

        Returns
        -------
        LabelSet
        """
        if isinstance(labels, LabelSet):
            return labels if open is None else cls(labels, open=open)
        if open is None:
            open = labels is None
        entries: list[object]
        if labels is None:
            entries = []
        elif isinstance(labels, Mapping):
            entries = [{"name": name, "color": color} for name, color in labels.items()]
        elif isinstance(labels, str | bytes) or not isinstance(labels, Iterable):
            raise ParameterTypeError(
                f"labels is {labels!r:.80}, of type {type(labels).__name__}; "
                "give a list of names, such as ['song', 'call']"
            )
        else:
            entries = sorted(labels, key=str) if isinstance(labels, Set) else list(labels)
        return cls(_complete([_members(entry) for entry in entries]), open=open)

    @property
    def open(self) -> bool:
        """Whether annotations may bring new labels."""
        return self._open

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in order."""
        return tuple(self._by_name)

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """The names by group, both in order; those of no group under ""."""
        groups: dict[str, list[str]] = {}
        for label in self._labels:
            groups.setdefault(label.group or "", []).append(label.name)
        return {group: tuple(names) for group, names in groups.items()}

    def with_labels(self, names: Iterable[str]) -> LabelSet:
        """Add labels at the end, each with a color that is rare so far and a free key.

        Parameters
        ----------
        names : iterable of str
            Those that are in the set already are passed over.

        Returns
        -------
        LabelSet
            This very set, if there is nothing to add.
        """
        new = [name for name in dict.fromkeys(names) if name not in self._by_name]
        if not new:
            return self
        known = [label.to_json() for label in self._labels]
        return LabelSet(_complete([*known, *({"name": name} for name in new)]), open=self._open)

    def to_json(self) -> list[dict[str, Any]]:
        """Give the labels as JSON objects, in order."""
        return [label.to_json() for label in self._labels]

    def __len__(self) -> int:
        return len(self._labels)

    def __iter__(self) -> Iterator[Label]:
        return iter(self._labels)

    def __contains__(self, name: object) -> bool:
        """Say whether a label of this name is in the set."""
        return name in self._by_name if isinstance(name, str) else name in self._labels

    def __getitem__(self, which: Any) -> Any:
        """Give the label of this name, or at this place."""
        return self._by_name[which] if isinstance(which, str) else self._labels[which]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LabelSet):
            return NotImplemented
        return self._labels == other._labels and self._open == other._open

    def __hash__(self) -> int:
        return hash((self._labels, self._open))

    def __repr__(self) -> str:
        return f"LabelSet({list(self._by_name)!r}, open={self._open})"


def _check_name(what: str, name: object) -> None:
    if not isinstance(name, str):
        raise ParameterTypeError(
            f"labels: a {what} is {name!r:.80}, of type {type(name).__name__}; "
            f"{what}s are text, so write it as one"
        )
    if not name or len(name) > MAX_LABEL or not _is_unicode(name):
        raise ParameterError(
            f"labels: {name!r:.80} cannot be a {what}; give 1 to {MAX_LABEL} characters"
        )


def _is_key(text: str) -> bool:
    """Say whether it is one character that a key press can be told by."""
    return len(text) == len(text.lower()) == 1 and text.isalnum() and _is_unicode(text)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _members(entry: object) -> dict[str, Any]:
    """Read one entry of ``labels=``; what it does not say is left out."""
    if isinstance(entry, Label):
        return entry.to_json()
    if isinstance(entry, str):
        return {"name": entry}
    if not isinstance(entry, Mapping):
        raise ParameterTypeError(
            f"labels: an entry is {entry!r:.80}, of type {type(entry).__name__}; "
            "give a name, or {'name': ..., 'color': ..., 'key': ...}"
        )
    unknown = [member for member in entry if member not in _MEMBERS]
    if unknown or "name" not in entry:
        raise ParameterError(
            f"labels: an entry has {', '.join(repr(member) for member in entry) or 'nothing'}; "
            "it has a 'name' and, if wanted, a 'color', a 'key' and a 'group'"
        )
    members = dict(entry)
    if members.get("color", "") is None:
        del members["color"]
    if type(members.get("key")) is int:
        members["key"] = str(members["key"])
    if isinstance(members.get("key"), str):
        members["key"] = members["key"].lower()
    return members


def _complete(entries: list[dict[str, Any]]) -> Iterator[Label]:
    """Choose the colors and keys that are not given, after those that are."""
    used = Counter(str(entry["color"]).lower() for entry in entries if "color" in entry)
    keys = [key for key in KEYS if all(entry.get("key") != key for entry in entries)]
    for entry in entries:
        color = entry.get("color")
        if color is None:
            color = min(PALETTE, key=lambda color: used[color])
            used[color] += 1
        key = entry["key"] if "key" in entry else keys.pop(0) if keys else None
        yield Label(entry["name"], color, key, entry.get("group"))


def _refuse_twice(what: str, values: Iterable[str]) -> None:
    twice = [value for value, count in Counter(values).items() if count > 1]
    if twice:
        shown = ", ".join(repr(value) for value in twice[:5])
        raise ParameterError(f"labels: the {what} {shown} is there twice; each {what} stands once")
