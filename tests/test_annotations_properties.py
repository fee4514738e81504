"""What holds for any sequence of changes of annotations."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from specwidget.annotations import NAMES, AnnotationTable, LabelSet
from specwidget.errors import AnnotationError

DURATION, SR = 20.0, 1000

seconds = st.floats(-2 / SR, DURATION + 2 / SR) | st.sampled_from([0.0, -0.0, 1.0, DURATION, None])
hertz = st.floats(0, SR / 2) | st.none() | st.just(float(SR))
cells = st.fixed_dictionaries(
    {},
    optional={
        "start": seconds,
        "end": seconds,
        "low_freq": hertz,
        "high_freq": hertz,
        "label": st.sampled_from(["song", "call", "", "nonsense", None]),
        "channel": st.sampled_from([None, 0, 1, 2]),
        "score": st.none() | st.floats(0, 1),
        "status": st.sampled_from(["draft", "accepted", "rejected", None, "?"]),
        "note": st.text(max_size=5),
        "tier": st.sampled_from(["", "b"]),
    },
)
good_times = st.lists(st.floats(0, DURATION), min_size=2, max_size=2).map(sorted)


@st.composite
def good_rows(draw: st.DrawFn) -> dict[str, Any]:
    row = {**draw(cells), "label": draw(st.sampled_from(["song", "call", ""]))}
    row["start"], row["end"] = draw(good_times)
    row.update(low_freq=None, high_freq=None, channel=None, status=None)
    return row


extra_columns = st.sampled_from(
    [
        ("loud", lambda n: pd.Series([k % 2 == 0 for k in range(n)], dtype=bool)),
        ("count", lambda n: pd.Series(range(n), dtype="int32")),
        ("who", lambda n: pd.Series(["me"] * n, dtype="string")),
        ("who", lambda n: pd.Series([None, "me", float("nan")] * n, dtype=object)[:n]),
        ("kind", lambda n: pd.Series(["x"] * n, dtype=pd.CategoricalDtype(["x", "y"]))),
    ]
)


class Mirror:
    """Rows as a front end keeps them: it knows only snapshots and patches."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = [dict(row) for row in rows]

    def apply(self, ops: Any) -> None:
        for op in json.loads(json.dumps(ops, allow_nan=False)):
            if op["op"] == "add":
                assert op["row"]["id"] not in [row["id"] for row in self.rows]
                self.rows.insert(op.get("at", len(self.rows)), op["row"])
                continue
            [place] = [n for n, row in enumerate(self.rows) if row["id"] == op["id"]]
            if op["op"] == "remove":
                del self.rows[place]
            else:
                assert op["set"]
                self.rows[place] = {**self.rows[place], **op["set"]}

    def filled(self) -> list[dict[str, Any]]:
        """Rows without the columns of the user's that are empty."""
        return [
            {name: cell for name, cell in row.items() if name in NAMES or cell is not None}
            for row in self.rows
        ]


class Run:
    """A table, its mirror, and all the states there were."""

    def __init__(self) -> None:
        labels = LabelSet.parse(["song", "call"])
        self.table = AnnotationTable("day.flac", DURATION, 2, SR / 2, labels)
        self.mirror = Mirror([])
        self.past = [self.table.to_dataframe()]
        self.now = 0

    def change(self, make: Any) -> None:
        before, revision = self.table.snapshot(), self.table.revision
        try:
            change = make()
        except AnnotationError:
            assert self.table.snapshot() == before
            return
        assert self.table.revision == change.revision == revision + bool(change)
        if not change:
            assert change.ops == change.inverse == ()
            assert self.table.snapshot() == before
            return
        rows = json.dumps(self.mirror.filled())
        self.mirror.apply(change.ops)
        back = Mirror(self.mirror.rows)
        back.apply(change.inverse)
        assert json.dumps(back.filled()) == rows
        del self.past[self.now + 1 :]
        self.past.append(self.table.to_dataframe())
        self.now += 1
        self.check()

    def step(self, by: int) -> None:
        if not 0 <= self.now + by < len(self.past):
            before = self.table.snapshot()
            try:
                self.table.undo() if by < 0 else self.table.redo()
            except AnnotationError:
                assert self.table.snapshot() == before
                return
            raise AssertionError("there was nothing to step to")
        revision = self.table.revision
        change = self.table.undo() if by < 0 else self.table.redo()
        assert change.revision == revision + 1
        self.mirror.apply(change.ops)
        self.now += by
        assert_frame_equal(self.table.to_dataframe(), self.past[self.now])
        self.check()

    def check(self) -> None:
        table = self.table
        assert self.mirror.filled() == Mirror(table.rows()).filled()
        assert not table.replace(table.to_dataframe())
        for row in table.rows():
            if row["start"] is None:
                assert row["end"] is None
            else:
                assert 0 <= row["start"] <= row["end"] <= DURATION
            assert row["label"] in ("song", "call", "")
            assert row["created_at"] <= row["updated_at"]


def random_step(run: Run, data: st.DataObject) -> None:
    table, draw = run.table, data.draw
    ids = table.ids()
    some_id = st.sampled_from([*ids, "nobody"]) if ids else st.just("nobody")
    ops = st.one_of(
        st.builds(lambda row: {"op": "add", "row": row}, cells | good_rows()),
        st.builds(
            lambda row, id: {"op": "add", "row": {**row, "id": id}},
            good_rows(),
            st.sampled_from(["a", "b", "c"]),
        ),
        st.builds(
            lambda row, at: {"op": "add", "row": row, "at": at}, good_rows(), st.integers(0, 5)
        ),
        st.builds(lambda id, set: {"op": "update", "id": id, "set": set}, some_id, cells),
        st.builds(
            lambda id, times: {
                "op": "update",
                "id": id,
                "set": {"start": times[0], "end": times[1]},
            },
            some_id,
            good_times,
        ),
        st.builds(lambda id: {"op": "remove", "id": id}, some_id),
    )
    match draw(st.sampled_from(["ops", "ops", "one", "frame", "columns", "undo", "redo"])):
        case "ops":
            chosen = draw(st.lists(ops, max_size=4))
            source = draw(st.sampled_from(["python", "widget"]))
            run.change(lambda: table.apply(chosen, source=source))
        case "one":
            chosen = [draw(ops)]
            run.change(lambda: table.apply(chosen, source="widget"))
        case "frame":
            frame = table.to_dataframe()
            if len(frame) and draw(st.booleans()):
                keep = draw(st.lists(st.sampled_from(range(len(frame))), unique=True))
                frame = frame.iloc[keep]
            new = pd.DataFrame(draw(st.lists(good_rows(), max_size=3)))
            frame = pd.concat([frame.astype(object), new.astype(object)])
            drop = draw(st.sets(st.sampled_from(["note", "tier", "score", "updated_at"])))
            frame = frame.drop(columns=[name for name in drop if name in frame])
            run.change(lambda: table.replace(frame))
        case "columns":
            name, make = draw(extra_columns)
            frame = table.to_dataframe()
            if name in frame and draw(st.booleans()):
                frame = frame.drop(columns=name)
            else:
                frame[name] = make(len(frame))
            run.change(lambda: table.replace(frame))
        case "undo":
            run.step(-1)
        case "redo":
            run.step(+1)


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 12))
def test_any_sequence_can_be_undone_and_redone(data: st.DataObject, n: int) -> None:
    run = Run()
    for _ in range(n):
        random_step(run, data)
    while run.now > 0:
        run.step(-1)
    run.step(-1)
    assert run.mirror.rows == []
    while run.now < len(run.past) - 1:
        run.step(+1)
    run.step(+1)


@settings(max_examples=60, deadline=None)
@given(st.lists(good_rows(), max_size=8), st.data())
def test_operations_and_inverses_are_operations_too(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    """What a change says it did, carried out elsewhere as operations, does the same."""
    labels = LabelSet.parse(["song", "call"])
    one, other = (AnnotationTable("day.flac", DURATION, 2, SR / 2, labels) for _ in range(2))
    other.apply(one.replace(rows).ops)
    assert one.rows() == other.rows()
    before = one.rows()
    gone = [id for id in one.ids() if data.draw(st.booleans())]
    moved = [id for id in one.ids() if id not in gone and data.draw(st.booleans())]
    change = one.apply(
        [
            *({"op": "remove", "id": id} for id in gone),
            *({"op": "update", "id": id, "set": {"start": 0, "note": "?"}} for id in moved),
            *({"op": "add", "row": row, "at": n} for n, row in enumerate(rows)),
        ]
    )
    other.apply(change.ops)
    assert one.rows() == other.rows()
    other.apply(change.inverse)
    assert other.rows() == before


@settings(max_examples=60, deadline=None)
@given(st.lists(good_rows(), max_size=8))
def test_a_frame_given_out_can_be_assigned(rows: list[dict[str, Any]]) -> None:
    labels = LabelSet.parse(["song", "call"])
    table = AnnotationTable("day.flac", DURATION, 2, SR / 2, labels)
    table.replace(rows)
    frame = table.to_dataframe()
    assert not table.replace(frame)
    assert not table.replace(frame.astype(object))
    other = AnnotationTable("day.flac", DURATION, 2, SR / 2, labels)
    other.replace(frame)
    assert_frame_equal(other.to_dataframe(), frame)
