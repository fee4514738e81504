"""Cutting, joining, moving and judging annotations: the shared cases, and what Python adds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from specwidget import AnnotationError, ParameterError, ParameterTypeError, SpecWidget

FIXTURE = json.loads((Path(__file__).parent / "protocol" / "operations.json").read_text("utf-8"))
COMPARED = (
    "channel tier start end low_freq high_freq label score source status annotator note".split()
)
SR = 1000
SOUND = np.zeros((2, 10 * SR), dtype=np.float32)


@pytest.fixture(scope="module")
def shared() -> Any:
    made = SpecWidget(SOUND, sr=SR, labels=["song", "call", "x", "y", "z"], allow_new_labels=True)
    yield made
    made.close()


@pytest.fixture
def w(shared: SpecWidget) -> SpecWidget:
    shared.overlap = "allow"
    shared.annotations = shared.annotations.iloc[:0]
    shared.table.forget_history()
    return shared


def put(w: SpecWidget, rows: list[dict[str, Any]]) -> None:
    w.table.apply([{"op": "add", "row": row} for row in rows])


def do(w: SpecWidget, op: str, ids: list[str], **given: Any) -> None:
    match op:
        case "split":
            w.split(ids, given["time"])
        case "merge":
            w.merge(ids)
        case "duplicate":
            w.duplicate(ids, **given)
        case "nudge":
            w.nudge(ids, **given)
        case "convert":
            w.convert(ids, given.pop("kind"), **given)
        case "boundary":
            w.move_boundary(given["time"], ids)
        case "relabel":
            w.relabel(ids, given["label"])
        case "status":
            (w.accept if given["status"] == "accepted" else w.reject)(ids)


@pytest.mark.parametrize("case", FIXTURE["cases"], ids=[case["name"] for case in FIXTURE["cases"]])
def test_cases_that_the_front_end_runs_too(w: SpecWidget, case: dict[str, Any]) -> None:
    put(w, case["there"])
    before = w.annotations
    if "refused" in case:
        with pytest.raises(AnnotationError, match=case["refused"]):
            do(w, **case["does"])
        assert_frame_equal(w.annotations, before)
        return
    do(w, **case["does"])
    rows = w.table.rows()
    blank = w.table.row(w.add())
    w.undo()
    assert len(rows) == len(case["rows"])
    ids = {row["id"] for row in case["there"]}
    for row, wanted in zip(rows, case["rows"], strict=True):
        assert (row["id"] in ids) == ("id" in wanted)
        for name in COMPARED:
            value = wanted.get(name, blank[name])
            assert row[name] == (pytest.approx(value) if isinstance(value, float) else value), name
    if not before.equals(w.annotations):
        w.undo()
    assert_frame_equal(w.annotations, before)


# What Python adds ---------------------------------------------------------------------------------


def test_words_in_the_history(w: SpecWidget) -> None:
    a, b = w.add(1, 2, "song"), w.add(3, 4, "call", low_freq=10, high_freq=20)
    [c] = w.split(a, 1.5)
    w.nudge([a, b], 0.1)
    w.convert([a, c], "box")
    w.convert(b, "point")
    w.convert(b, "recording")
    w.relabel([a, c], "call")
    w.relabel({"call": "rain"})
    assert w.merge([c, a]) == a
    w.duplicate(a, by=1)
    w.move_boundary(9)
    w.reject([a, b])
    w.accept(a)
    assert w.history["text"].tolist()[2:] == [
        "split song",
        "move 2 annotations",
        "make 2 annotations boxes",
        "make call a point",
        "make call a label of the recording",
        "relabel 2 annotations",
        "relabel 3 annotations",
        "merge 2 annotations",
        "add rain",
        "resize rain",
        "reject 2 annotations",
        "accept rain",
    ]
    w.goto(2)
    assert w.annotations["label"].tolist() == ["song", "call"]


def test_copies_can_be_told_from_what_they_are_copies_of(w: SpecWidget) -> None:
    w.overlap = "forbid"
    a = w.add(1, 2, "song")
    created = w.annotations.loc[0, "created_at"]
    with pytest.raises(AnnotationError, match="may not overlap"):
        w.duplicate(a)
    [b] = w.duplicate(a, tier="second", annotator="you", score=None)
    assert w.table.row(b)["tier"] == "second"
    assert w.annotations.loc[1, "created_at"] >= created
    for odd, words in (({"id": "x"}, "'id'"), ({"colour": 1}, "'colour'")):
        with pytest.raises(AnnotationError, match=words):
            w.duplicate(a, tier="third", **odd)
    with pytest.raises(AnnotationError, match="tier is not text"):
        w.duplicate(a, tier=3)


def test_what_is_split_can_be_merged(w: SpecWidget) -> None:
    w.annotations = pd.DataFrame(
        {"start": [1.0], "end": [2.0], "label": ["song"], "note": ["n"], "mood": ["glad"]}
    )
    before = w.annotations
    [a] = before["id"]
    parts = [a, *w.split(a, 1.25)]
    parts += w.split(parts[1], 1.5)
    assert w.annotations["mood"].tolist() == ["glad"] * 3
    assert w.merge(parts[::-1]) == a
    assert_frame_equal(w.annotations.drop(columns="updated_at"), before.drop(columns="updated_at"))


def test_overlap_holds_for_operations_too(w: SpecWidget) -> None:
    w.overlap = "trim"
    a, b, c = w.add(1, 2), w.add(3, 4), w.add(5, 6)
    w.merge([a, b])
    w.nudge(a, 3)
    assert w.table.row(a)["end"] == 5 and w.table.row(a)["start"] == 4
    w.overlap = "forbid"
    with pytest.raises(AnnotationError, match="may not overlap"):
        w.move_boundary(5.5, a)
    w.move_boundary(5.5)
    assert (w.table.row(a)["end"], w.table.row(c)["start"]) == (5.5, 5.5)


def test_drafts_are_judged_by_their_scores(w: SpecWidget) -> None:
    w.annotations = pd.DataFrame(
        {
            "start": np.arange(6.0),
            "end": np.arange(6.0) + 0.5,
            "label": "song",
            "score": [0.9, 0.8, 0.5, 0.1, np.nan, 0.95],
            "status": ["draft"] * 5 + ["rejected"],
        }
    )
    w.accept(min_score=0.8)
    w.reject(max_score=0.5)
    assert w.annotations["status"].tolist() == [
        "accepted",
        "accepted",
        "draft",
        "rejected",
        "draft",
        "rejected",
    ]
    w.reject(w.annotations["id"][:3], min_score=0.4, max_score=0.6)
    w.accept(w.annotations["id"][5])
    assert w.annotations["status"].tolist()[2:] == ["rejected", "rejected", "draft", "accepted"]
    revision = w.revision
    w.accept(min_score=0.99)
    w.accept([])
    assert w.revision == revision


def test_what_makes_no_sense_is_refused(w: SpecWidget) -> None:
    a = w.add(1, 2, "song")
    before = w.annotations
    refused: list[tuple[Any, type, str]] = [
        (lambda: w.split("nobody", 1.5), AnnotationError, "no annotation has the id 'nobody'"),
        (lambda: w.split(5, 1.5), ParameterTypeError, "ids=5 is no list of ids"),
        (lambda: w.split([5], 1.5), AnnotationError, "no annotation has the id 5"),
        (lambda: w.split(a, "1.5"), ParameterTypeError, "time='1.5'"),
        (lambda: w.split(a, float("nan")), ParameterError, "time=nan"),
        (lambda: w.merge(a), AnnotationError, "name two annotations"),
        (lambda: w.merge([a, a]), AnnotationError, "name two annotations"),
        (lambda: w.nudge(a, 1, edge="left"), ParameterError, "edge='left' is unknown"),
        (lambda: w.nudge(a, None), ParameterTypeError, "by=None"),
        (lambda: w.convert(a, "blob"), ParameterError, "kind='blob' is unknown"),
        (lambda: w.convert(a, "box", band=(5, 1)), ParameterError, "band=.5, 1. is empty"),
        (lambda: w.convert(a, "box", band=(5, 900)), AnnotationError, "half the sampling rate"),
        (lambda: w.convert(a, "interval", width=-1), ParameterError, "width=-1"),
        (lambda: w.convert(a, "point", at="middle"), ParameterError, "at='middle'"),
        (lambda: w.move_boundary(11), AnnotationError, "beyond the end"),
        (lambda: w.move_boundary(-1), AnnotationError, "negative"),
        (lambda: w.relabel(a), ParameterError, "label=None"),
        (lambda: w.relabel(a, 3), AnnotationError, "label is not text"),  # type: ignore[arg-type]
        (lambda: w.relabel({"song": 3}), AnnotationError, "label is not text"),
        (lambda: w.relabel({"song": "x"}, "y"), ParameterError, "label='y' is one too many"),
        (lambda: w.accept(), ParameterError, "says nothing"),
        (lambda: w.reject(max_score="low"), ParameterTypeError, "max_score='low'"),
    ]
    for make, error, words in refused:
        with pytest.raises(error, match=words):
            make()
        assert_frame_equal(w.annotations, before)
    w.table.labels = w.labels.__class__.parse(["song"])
    with pytest.raises(AnnotationError, match="label is not in the set"):
        w.relabel(a, "call")
    w.table.labels = w.labels.__class__.parse(["song"], open=True)


times = st.lists(st.floats(0, 10), min_size=2, max_size=2).map(sorted)
bands = st.none() | st.lists(st.floats(0, 500), min_size=2, max_size=2).map(sorted)


@st.composite
def annotations(draw: st.DrawFn) -> dict[str, Any]:
    start, end = draw(times | st.floats(0, 10).map(lambda t: [t, t]) | st.just([None, None]))
    low, high = draw(bands) or (None, None)
    row = {"start": start, "end": end, "low_freq": low, "high_freq": high, "label": "x"}
    return {**row, "tier": draw(st.sampled_from(["", "t"]))}


@settings(max_examples=80, deadline=None)
@given(st.lists(annotations(), min_size=1, max_size=6), st.data())
def test_whatever_is_done_makes_sense_and_can_be_undone(
    shared: SpecWidget, rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    w = shared
    w.overlap = "allow"
    w.annotations = pd.DataFrame(rows)
    before = w.annotations
    w.table.forget_history()
    ids = data.draw(st.lists(st.sampled_from(before["id"].tolist()), min_size=1, unique=True))
    number = st.floats(-20, 20)
    make = data.draw(
        st.sampled_from(
            [
                lambda: w.nudge(ids, data.draw(number), freq=10 * data.draw(number)),
                lambda: w.nudge(ids, data.draw(number), edge=data.draw(st.sampled_from(["start"]))),
                lambda: w.nudge(ids, data.draw(number), edge="end"),
                lambda: w.convert(
                    ids,
                    data.draw(st.sampled_from(["interval", "point", "box", "recording"])),
                    width=abs(data.draw(number)),
                ),
                lambda: w.move_boundary(abs(data.draw(number)) / 2, ids),
                lambda: w.split(ids, abs(data.draw(number))),
                lambda: w.merge(ids),
                lambda: w.duplicate(ids, by=data.draw(number)),
            ]
        )
    )
    try:
        make()
    except AnnotationError:
        assert_frame_equal(w.annotations, before)
        return
    assert len(w.history) <= 1
    if len(w.history):
        w.undo()
        assert_frame_equal(w.annotations, before)
        w.redo()
    after = w.annotations.set_index("id")
    others = before[~before["id"].isin(ids)].set_index("id")
    assert_frame_equal(after.loc[others.index], others)
