"""Annotations that may not lie over one another: the shared cases, any rows, and many."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specwidget.annotations import AnnotationTable, LabelSet
from specwidget.annotations.overlap import Policy
from specwidget.errors import AnnotationError

CASES = json.loads((Path(__file__).parent / "protocol" / "overlap.json").read_text("utf-8"))[
    "cases"
]
LEAST = 1e-9


def make_table(policy: Policy = "allow") -> AnnotationTable:
    return AnnotationTable("day.flac", 10.0, 2, 500.0, LabelSet.parse(None), overlap=policy)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_cases_that_the_front_end_runs_too(case: dict[str, Any]) -> None:
    table = make_table()
    judged = [dict(row) for row in case["judged"]]
    before = list(case["resting"])
    ops: list[dict[str, Any]] = []
    for row in judged:
        was, status = row.pop("was", None), row.pop("was_status", "accepted")
        if was is None:
            ops.append({"op": "add", "row": row})
        else:
            before.append({"id": row["id"], "start": was[0], "end": was[1], "status": status})
            cells = {"status": "accepted", **{k: v for k, v in row.items() if k != "id"}}
            ops.append({"op": "update", "id": row["id"], "set": cells})
    table.apply([{"op": "add", "row": row} for row in before])
    table.overlap = case["policy"]
    if "refused" in case:
        there = table.rows()
        with pytest.raises(AnnotationError) as caught:
            table.apply(ops)
        assert repr(case["over"]) in str(caught.value)
        assert "overlap" in str(caught.value)
        assert table.rows() == there
        return
    table.apply(ops)
    rows = [table.row(row["id"]) for row in judged]
    assert [[row["start"], row["end"]] for row in rows] == case["spans"]


def test_words_for_a_collision_name_the_other_one() -> None:
    table = make_table("forbid")
    table.add_row(id="a", start=1, end=2.5, label="song")
    with pytest.raises(AnnotationError) as caught:
        table.add_row(start=2, end=3)
    assert str(caught.value) == (
        "annotations may not overlap here: the new row (2-3 s, over 'song' at 1-2.5 s, id 'a'); "
        "give other times, another tier or another channel, or set overlap to 'allow'"
    )
    table.overlap = "trim"
    with pytest.raises(AnnotationError, match="no room for it: the new row .1.5-2 s, over"):
        table.add_row(start=1.5, end=2)


def test_every_way_in_is_watched() -> None:
    table = make_table("forbid")
    [a] = table.add_row(start=1, end=2, label="song").ids
    [b] = table.add_row(start=3, end=4).ids
    frame = table.to_dataframe()
    ways = [
        lambda: table.update_row(b, start=1.5),
        lambda: table.update_rows([b], start=1.5, end=1.6),
        lambda: table.replace([(1, 2, "x"), (1, 3, "y")]),
        lambda: table.replace(frame.assign(end=9.0)),
        lambda: table.replace(pd.concat([frame, frame.assign(id="")])),
    ]
    for way in ways:
        with pytest.raises(AnnotationError, match="may not overlap"):
            way()
    assert table.ids() == [a, b]
    table.update_row(b, tier="x")
    table.update_row(b, start=1.5, end=1.6)
    with pytest.raises(AnnotationError, match="may not overlap"):
        table.update_row(b, tier="")


def test_a_frame_is_cut_from_its_first_row_on() -> None:
    table = make_table("trim")
    table.replace([(0, 4, "a"), (3, 6, "b"), (2, 8, "c")])
    assert [(r["start"], r["end"]) for r in table.rows()] == [(0, 4), (4, 6), (6, 8)]
    assert not table.replace(table.to_dataframe())


def test_a_stricter_policy_wants_rows_that_keep_to_it() -> None:
    table = make_table()
    table.replace([(0, 4, "a"), (3, 6, "b")])
    for policy in ("forbid", "trim"):
        with pytest.raises(AnnotationError, match="may not overlap"):
            table.overlap = policy
    assert table.overlap == "allow"
    table.update_row(table.ids()[0], end=3)
    table.overlap = "forbid"


def test_undo_does_not_bring_back_what_may_not_be() -> None:
    table = make_table()
    table.replace([(0, 4, "a"), (3, 6, "b")])
    table.update_row(table.ids()[0], end=3)
    table.overlap = "trim"
    with pytest.raises(AnnotationError, match="may not overlap"):
        table.undo()
    table.overlap = "allow"
    table.undo()
    assert table.rows()[0]["end"] == 4


def test_an_edit_that_is_cut_to_what_there_was_is_none() -> None:
    table = make_table("trim")
    table.replace([(0, 4, "a"), (4, 6, "b")])
    revision = table.revision
    assert not table.update_row(table.ids()[0], end=5)
    assert table.revision == revision


grid = st.integers(0, 12).map(lambda n: n / 2)
bands = st.sampled_from([(None, None), (0, 100), (100, 200), (50, None), (150, 150)])


@st.composite
def placed(draw: st.DrawFn) -> dict[str, Any]:
    start, end = sorted((draw(grid), draw(grid)))
    low, high = draw(bands)
    row = {"start": start, "end": end, "low_freq": low, "high_freq": high}
    row["tier"] = draw(st.sampled_from(["", "x"]))
    row["channel"] = draw(st.sampled_from([None, 0, 1]))
    row["status"] = draw(st.sampled_from(["accepted", "accepted", "draft", "rejected"]))
    return row if draw(st.integers(0, 9)) else {**row, "start": None, "end": None}


def collide(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """The rule once more, in the plainest words."""
    if "rejected" in (a["status"], b["status"]) or a["tier"] != b["tier"]:
        return False
    if None in (a["start"], b["start"]) or a["start"] == a["end"] or b["start"] == b["end"]:
        return False
    if None not in (a["channel"], b["channel"]) and a["channel"] != b["channel"]:
        return False
    low = max(a["low_freq"] or 0, b["low_freq"] or 0)
    high = min(1e9 if r["high_freq"] is None else r["high_freq"] for r in (a, b))
    shared = min(a["end"], b["end"]) - max(a["start"], b["start"])
    return bool(shared > LEAST and high - low > LEAST)


def collisions(rows: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(a["id"], b["id"]) for n, a in enumerate(rows) for b in rows[:n] if collide(a, b)]


@settings(max_examples=60, deadline=None)
@given(st.data(), st.sampled_from(["forbid", "trim"]), st.integers(1, 6))
def test_nothing_ever_overlaps(data: st.DataObject, policy: Policy, n: int) -> None:
    table = make_table(policy)
    free = make_table()
    for _ in range(n):
        rows = data.draw(st.lists(placed(), min_size=1, max_size=5))
        ops: list[dict[str, Any]] = [{"op": "add", "row": row} for row in rows]
        for id in table.ids():
            if data.draw(st.booleans()):
                ops.append({"op": "update", "id": id, "set": data.draw(placed())})
        free.replace(table.to_dataframe())
        free.apply(ops)
        wanted = free.rows()
        before = table.rows()
        try:
            table.apply(ops)
        except AnnotationError as problem:
            assert "overlap" in str(problem)
            assert table.rows() == before
            assert collisions(wanted)
            continue
        after = table.rows()
        assert not collisions(after)
        if not collisions(wanted):
            assert [(r["start"], r["end"]) for r in after] == [
                (r["start"], r["end"]) for r in wanted
            ]
        if policy == "forbid":
            assert not collisions(wanted)
        for row, asked in zip(after, wanted, strict=True):
            if row["start"] is not None:
                assert asked["start"] <= row["start"] <= row["end"] <= asked["end"]
                assert (row["start"] < row["end"]) == (asked["start"] < asked["end"])


@settings(max_examples=60, deadline=None)
@given(st.lists(placed(), max_size=40), st.lists(placed(), max_size=40))
def test_many_at_once_collide_as_two_by_two(
    one: list[dict[str, Any]], two: list[dict[str, Any]]
) -> None:
    table = make_table()
    table.apply([{"op": "add", "row": row} for row in [*one, *two]])
    rows = table.rows()
    try:
        table.overlap = "forbid"
    except AnnotationError:
        assert collisions(rows)
    else:
        assert not collisions(rows)


def test_many_boxes_in_many_bands_are_told_apart() -> None:
    """Time alone pairs each of these with thousands."""
    table = AnnotationTable("day.flac", 1000.0, 1, 50_000.0, LabelSet.parse(None), overlap="trim")
    rows = [
        {"start": 0.0, "end": 1000.0, "label": "", "low_freq": 10.0 * n, "high_freq": 10.0 * n + 10}
        for n in range(2000)
    ]
    table.replace(rows)
    assert all(row["end"] == 1000.0 for row in table.rows())
    change = table.apply(
        [{"op": "add", "row": {"start": 1.0, "end": 2.0, "low_freq": 20_000, "high_freq": 30_000}}]
    )
    assert change
    with pytest.raises(AnnotationError, match="no room"):
        table.add_row(start=5, end=6, low_freq=15, high_freq=16)
