"""The three operations on annotations, as both languages write them in JSON.

Invariant: an operation names its row by id, never by place, and holds JSON scalars only. What an
operation means, and whether its result makes sense, is for the table to say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from specwidget.errors import AnnotationError

__all__ = ["Add", "Op", "Remove", "Scalar", "Update", "op_from_json"]

Scalar: TypeAlias = str | int | float | bool | None
"""What one cell of a row may be in JSON; ``None`` stands for a missing value and for NaN."""


@dataclass(frozen=True, slots=True)
class Add:
    """A new row. Columns that are left out get their default, the id too.

    Parameters
    ----------
    row : Mapping
        Column name -> value.
    at : int, optional
        Where the row goes; at the end when ``None``.
    """

    row: Mapping[str, Any]
    at: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Give the operation as a JSON object."""
        op: dict[str, Any] = {"op": "add", "row": dict(self.row)}
        if self.at is not None:
            op["at"] = self.at
        return op


@dataclass(frozen=True, slots=True)
class Update:
    """New values for some columns of the row ``id``."""

    id: str
    set: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Give the operation as a JSON object."""
        return {"op": "update", "id": self.id, "set": dict(self.set)}


@dataclass(frozen=True, slots=True)
class Remove:
    """The end of the row ``id``."""

    id: str

    def to_json(self) -> dict[str, Any]:
        """Give the operation as a JSON object."""
        return {"op": "remove", "id": self.id}


Op: TypeAlias = Add | Update | Remove


def op_from_json(value: object) -> Op:
    """Read one operation; ``op``, its id and the kind of its members are checked.

    Parameters
    ----------
    value : object
        A JSON object, or an operation, which is given back as it is.

    Returns
    -------
    Add or Update or Remove

    Raises
    ------
    AnnotationError
        If it is not an operation.
    """
    if isinstance(value, Add | Update | Remove):
        return value
    if isinstance(value, Mapping):
        kind, identifier = value.get("op"), value.get("id")
        if kind == "add" and isinstance(row := value.get("row"), Mapping):
            at = value.get("at")
            if at is None or (type(at) is int and at >= 0):
                return Add(row, at)
        if kind == "update" and isinstance(identifier, str):
            changes = value.get("set")
            if isinstance(changes, Mapping):
                return Update(identifier, changes)
        if kind == "remove" and isinstance(identifier, str):
            return Remove(identifier)
    raise AnnotationError(
        f"not an operation: {value!r:.200}; it is one of "
        '{"op": "add", "row": {...}}, {"op": "update", "id": ..., "set": {...}} and '
        '{"op": "remove", "id": ...}'
    )
