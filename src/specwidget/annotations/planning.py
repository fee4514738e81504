"""From rows as they would stand to the change that gets there.

Invariant: a plan is made from one state and touches nothing. Rows that would stand as they stand
now are not part of it, so a plan that changes nothing is empty.
"""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, field

import numpy as np

from specwidget.annotations.checks import Bounds, check_rows
from specwidget.annotations.columns import Columns, Extras, Places, differences
from specwidget.annotations.delta import Delta, State
from specwidget.annotations.extras import missing_value, same, same_dtype
from specwidget.annotations.labels import LabelSet
from specwidget.annotations.overlap import Policy, judged_rows, kept_edges, part
from specwidget.annotations.problems import Names, refuse, show
from specwidget.annotations.schema import Array, new_ids
from specwidget.annotations.tiers import Tiers

__all__ = ["NOTHING", "Rules", "conclude", "free_ids", "settle"]

NOTHING = Columns.blank(0, {})
_TIMES = ("start", "end")


@dataclass(frozen=True, slots=True)
class Rules:
    """What a plan has to keep to.

    Parameters
    ----------
    bounds : Bounds
    labels : LabelSet
    now : datetime64
        The time of the change.
    overlap : {"allow", "forbid", "trim"}
    tiers : Tiers
    declared : Mapping
        Columns of the user's that every frame has, said or unsaid, and their dtypes.
    """

    bounds: Bounds
    labels: LabelSet
    now: np.datetime64
    overlap: Policy = "allow"
    tiers: Tiers = field(default_factory=Tiers)
    declared: Extras = field(default_factory=dict)


def free_ids(n: int, *taken: Container[str]) -> list[str]:
    """Make ids that none of the containers holds."""
    ids: dict[str, None] = {}
    while len(ids) < n:
        fresh = new_ids(n - len(ids))
        ids.update((id, None) for id in fresh if not any(id in known for known in taken))
    return list(ids)


def settle(rows: Columns, rules: Rules, names: Names) -> Columns:
    """Fill in what only the table knows, and check the rows.

    Parameters
    ----------
    rows : Columns
        As they would stand, with ids; other cells may be unset.
    rules : Rules
    names : callable
        Words for the row at a place.

    Returns
    -------
    Columns

    Raises
    ------
    AnnotationError
        If they make no sense.
    """
    filled: dict[str, Array] = {}
    recording = _recordings(rows["recording"], rules.bounds.recording, names)
    if recording is not rows["recording"]:
        filled["recording"] = recording
    unset = rows["status"] == ""
    if unset.any():
        prediction = np.where(np.isnan(rows["score"]), "accepted", "draft").astype(object)
        filled["status"] = np.where(unset, prediction, rows["status"])
    created, updated = rows["created_at"], rows["updated_at"]
    if np.isnat(created).any():
        filled["created_at"] = created = np.where(np.isnat(created), rules.now, created)
    if np.isnat(updated).any():
        filled["updated_at"] = np.where(np.isnat(updated), created, updated)
    rules.tiers.check(rows, names)
    return check_rows(rows.replaced(filled) if filled else rows, rules.bounds, rules.labels, names)


def _recordings(keys: Array, own: str, names: Names) -> Array:
    """Take a row for ours if it names no recording, or a file of the same name."""
    others = set(keys.tolist()) - {own}
    if not others:
        return keys
    foreign = {key for key in others if key and _file_name(key) != _file_name(own)}
    if foreign:
        refuse(
            "the row belongs to another recording",
            np.fromiter((key in foreign for key in keys), np.bool_, len(keys)),
            names,
            lambda place: f"recording={show(keys[place])}",
            f"this one is {show(own)}; pick its rows, "
            "or leave out the column 'recording' to take them all for it",
        )
    return np.full(len(keys), own, dtype=object)


def _file_name(key: str) -> str:
    return re.split(r"[\\/]", key)[-1]


def conclude(
    state: State,
    rules: Rules,
    *,
    extras: Extras,
    removed_at: Places,
    kept_at: Places,
    kept: Columns,
    kept_names: Names,
    added: Columns,
    added_at: Places,
    added_names: Names,
) -> Delta:
    """Make the change, leaving out what does not change, and parting what may not overlap.

    Parameters
    ----------
    state : State
        What there is.
    rules : Rules
    extras : Mapping
        The user's own columns afterwards.
    removed_at : ndarray of int
        Places of the rows that go, ascending.
    kept_at, kept : ndarray of int, Columns
        Places of rows that stay, and how they would stand, with the columns of ``extras``. A row
        that changes, and whose ``updated_at`` does not, gets the time of the change there.
    added, added_at : Columns, ndarray of int
        Rows that come, and the places they will have, ascending.
    kept_names, added_names : callable
        Words for the row at a place of ``kept`` and of ``added``.

    Returns
    -------
    Delta

    Raises
    ------
    AnnotationError
        If rows overlap that may not.
    """
    before = state.columns.take(kept_at)
    masks = differences(before, kept)
    if rules.overlap != "allow":
        judged = np.flatnonzero(judged_rows(before, masks))
        is_resting = np.ones(len(state.columns), dtype=np.bool_)
        is_resting[removed_at] = is_resting[kept_at[judged]] = False
        n = len(judged)
        parted = part(
            state.columns,
            is_resting,
            kept.take(judged).joined(added),
            np.r_[kept_edges(before.take(judged), kept.take(judged)), np.zeros(len(added), int)],
            rules.overlap,
            lambda place: kept_names(int(judged[place])) if place < n else added_names(place - n),
        )
        kept = kept.put(parted.take(slice(0, n)).only(_TIMES), judged)
        added = added.replaced(parted.take(slice(n, None)).only(_TIMES).arrays)
        masks = differences(before, kept)
    for name in state.extras.keys() - extras.keys():
        masks[name] = _is_filled(before[name], missing_value(state.extras[name]))
    for name in extras.keys() - state.extras.keys():
        masks[name] = _is_filled(kept[name], missing_value(extras[name]))
    changed = np.zeros(len(kept), dtype=np.bool_)
    for mask in masks.values():
        changed |= mask
    if changed.any():
        stamped = changed & ~masks.get("updated_at", np.zeros_like(changed))
        stamps = np.where(stamped, rules.now, kept["updated_at"])
        kept = kept.replaced({"updated_at": stamps})
        names = {"id", "label", "updated_at", *masks}
        before, after = before.take(changed).only(names), kept.take(changed).only(names)
        shared = {name: before[name] for name in ("id", "label") if name not in masks}
        after = after.replaced(shared)
    else:
        before = after = NOTHING
    if list(extras) == list(state.extras) and all(
        same_dtype(extras[name], state.extras[name]) for name in extras
    ):
        extras = state.extras
    return Delta(
        removed=state.columns.take(removed_at) if len(removed_at) else NOTHING,
        removed_at=removed_at,
        before=before,
        after=after,
        added=added if len(added) else NOTHING,
        added_at=added_at,
        extras_before=state.extras,
        extras_after=extras,
        size_after=len(state.columns) - len(removed_at) + len(added),
    )


def _is_filled(values: Array, missing: object) -> Array:
    blank = np.empty(len(values), dtype=object)
    blank[:] = missing
    return ~same(values, blank)
