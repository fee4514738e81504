"""The annotation table: operations, their inverses, what is refused, history."""

from __future__ import annotations

import json
import threading
from typing import Any

import numpy as np
import pandas as pd
import pytest

from specwidget.annotations import (
    NAMES,
    Add,
    AnnotationTable,
    LabelSet,
    Remove,
    Update,
    new_ids,
    op_from_json,
)
from specwidget.annotations.times import iso_times, read_times
from specwidget.errors import AnnotationError, SpecWidgetError

SR = 8000
DURATION = 10.0


def make_table(labels: Any = ("song", "call"), **options: Any) -> AnnotationTable:
    return AnnotationTable("data/day.flac", DURATION, 2, SR / 2, LabelSet.parse(labels, **options))


@pytest.fixture
def table() -> AnnotationTable:
    return make_table()


def test_an_added_row_is_complete(table: AnnotationTable) -> None:
    change = table.add_row(start=1, end=2.5, label="song", low_freq=500)
    row = table.row(change.ids[0])
    assert list(row) == list(NAMES)
    assert {**row, "id": "", "created_at": "", "updated_at": ""} == {
        "id": "",
        "recording": "data/day.flac",
        "channel": None,
        "tier": "",
        "start": 1.0,
        "end": 2.5,
        "low_freq": 500.0,
        "high_freq": None,
        "label": "song",
        "score": None,
        "source": "manual",
        "status": "accepted",
        "annotator": "",
        "note": "",
        "created_at": "",
        "updated_at": "",
    }
    assert row["created_at"] == row["updated_at"]
    assert abs(pd.Timestamp.now("UTC") - pd.Timestamp(row["created_at"])) < pd.Timedelta("1min")
    assert change.ops == ({"op": "add", "row": row},)
    assert change.inverse == ({"op": "remove", "id": row["id"]},)
    assert change.revision == table.revision == 1
    assert len(table) == 1
    assert row["id"] in table
    assert table.rows() == [row]


def test_what_a_row_can_be(table: AnnotationTable) -> None:
    table.add_row(start=3, end=3, label="call")  # a point
    table.add_row(label="song")  # the whole recording
    table.add_row(start=None, end=float("nan"), label="")
    table.add_row(start=0, end=DURATION, low_freq=0, high_freq=SR / 2, channel=1, label="song")
    table.add_row(start=1, end=2, high_freq=100, label="song", channel=pd.NA)
    table.add_row(start=np.float32(1), end=np.int64(2), label=np.str_("song"), score=1)
    rows = table.rows()
    assert [row["start"] for row in rows] == [3.0, None, None, 0.0, 1.0, 1.0]
    assert [row["channel"] for row in rows] == [None, None, None, 1, None, None]
    assert type(rows[5]["label"]) is str
    assert [row["status"] for row in rows] == ["accepted"] * 5 + ["draft"]


def test_a_prediction_starts_as_a_draft(table: AnnotationTable) -> None:
    table.add_row(start=1, end=2, label="song", score=0.5, source="model-3")
    table.add_row(start=1, end=2, label="song", score=0.5, status="rejected")
    assert [row["status"] for row in table.rows()] == ["draft", "rejected"]


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"start": 2, "end": 1}, "end is before start: the new row (start=2.0, end=1.0)"),
    ({"start": 1}, "only one of start and end is there"),
    ({"end": 1}, "only one of start and end is there"),
    ({"start": np.nan, "end": 1}, "only one of start and end is there"),
    ({"start": -1, "end": 1}, "a time is negative"),
    ({"start": -2, "end": -1}, "a time is negative"),
    ({"start": 1, "end": 10.001}, "beyond the end of the recording"),
    ({"start": 11, "end": 11}, "up to its duration, 10.0"),
    ({"start": np.inf, "end": np.inf}, "a time is infinite"),
    ({"start": -np.inf, "end": 1}, "a time is infinite"),
    ({"start": 10**400, "end": 10**400}, "a time is infinite"),
    ({"start": "1", "end": 2}, "start is not a number: the new row (start='1')"),
    ({"start": True, "end": 2}, "start is not a number"),
    ({"start": 1, "end": np.bool_(True)}, "end is not a number"),
    ({"start": [1], "end": 2}, "start is not a number"),
    ({"start": 1j, "end": 2}, "start is not a number"),
    ({"low_freq": 2, "high_freq": 1}, "low_freq is above high_freq"),
    ({"low_freq": -5}, "a frequency is negative"),
    ({"high_freq": 4001}, "beyond what the recording holds"),
    ({"high_freq": np.inf}, "a frequency is infinite"),
    ({"channel": 2}, "give 0 to 1, or NA for all"),
    ({"channel": -1}, "channel is not a channel"),
    ({"channel": 0.5}, "channel is not a channel"),
    ({"channel": "0"}, "channel is not a channel"),
    ({"channel": True}, "channel is not a channel"),
    ({"channel": 2**40}, "channel is not a channel"),
    ({"label": "sing"}, "give one of 'song', 'call', or pass allow_new_labels=True"),
    ({"label": 3}, "label is not text"),
    ({"label": b"song"}, "label is not text"),
    ({"label": ["song"]}, "label is not text"),
    ({"label": "x" * 257}, "label is too long"),
    ({"note": "\ud800"}, "half a surrogate pair"),
    ({"note": "x" * 65_537}, "65536 are the most"),
    ({"status": "maybe"}, "give one of 'draft', 'accepted', 'rejected'"),
    ({"status": 1}, "status is not text"),
    ({"score": np.inf}, "score is infinite"),
    ({"score": "high"}, "score is not a number"),
    ({"recording": "night.flac"}, "this one is 'data/day.flac'"),
    ({"id": "taken"}, "already"),
    ({"id": "x" * 257}, "id is too long"),
    ({"id": 1.5}, "id is not text"),
    ({"created_at": "yesterday"}, "created_at is not a time"),
    ({"created_at": 5}, "created_at is not a time"),
    ({"created_at": "9999-01-01"}, "between the years 1678 and 2261"),
]


@pytest.mark.parametrize(("columns", "words"), REFUSED, ids=[str(case[0])[:40] for case in REFUSED])
@pytest.mark.parametrize("way", ["add", "update", "frame"])
def test_refused(table: AnnotationTable, way: str, columns: dict[str, Any], words: str) -> None:
    table.add_row(id="taken", start=1, end=2, label="song")
    table.add_row(id="other", label="song")
    before = table.snapshot()
    with pytest.raises(AnnotationError) as caught:
        if way == "add":
            table.add_row(**columns)
        elif way == "frame":
            table.replace([{"start": np.nan, "end": np.nan, "label": "", **columns}] * 2)
        else:
            table.update_row("other", **columns)
    assert table.snapshot() == before
    assert isinstance(caught.value, SpecWidgetError)
    assert isinstance(caught.value, ValueError)
    assert len(str(caught.value)) < 1000
    if way == "add":
        assert words in str(caught.value)


def test_a_column_that_nobody_knows(table: AnnotationTable) -> None:
    with pytest.raises(
        AnnotationError, match="there is no column 'strat'; there are id, recording"
    ):
        table.add_row(strat=1, end=2)
    assert table.revision == 0


def test_the_result_is_judged_not_the_patch(table: AnnotationTable) -> None:
    id = table.add_row(start=1, end=2, label="song").ids[0]
    with pytest.raises(
        AnnotationError, match=r"end is before start: row 'k\w+' \(start=3.0, end=2"
    ):
        table.update_row(id, start=3)
    table.update_row(id, start=3, end=4)
    change = table.apply(  # wrong on the way, right in the end
        [
            Update(id, {"start": 9}),
            Update(id, {"end": 9.5, "label": "sing"}),
            Update(id, {"label": ""}),
        ]
    )
    assert change.ops[0]["set"]["label"] == ""
    assert table.row(id)["start"] == 9


def test_all_or_nothing(table: AnnotationTable) -> None:
    id = table.add_row(start=1, end=2, label="song").ids[0]
    before = table.snapshot()
    with pytest.raises(AnnotationError, match="no annotation has the id 'nobody'"):
        table.apply([Update(id, {"start": 0}), Add({"label": "call"}), Remove("nobody")])
    assert table.snapshot() == before


def test_rounding_errors_are_put_on_the_bound(table: AnnotationTable) -> None:
    half = 0.5 / SR
    id = table.add_row(
        start=-half / 2, end=DURATION + half, label="song", low_freq=-1e-9, high_freq=4000.2
    ).ids[0]
    row = table.row(id)
    assert (row["start"], row["end"], row["low_freq"], row["high_freq"]) == (0, 10, 0, 4000)
    assert str(row["start"]) == str(row["low_freq"]) == "0.0"  # not -0.0
    table.add_row(start=-0.0, end=0.0, label="song")
    assert "-0.0" not in json.dumps(table.rows())
    table.add_row(start=DURATION + half / 2, end=DURATION + half / 2, label="song")
    assert table.rows()[-1]["start"] == DURATION
    with pytest.raises(AnnotationError):
        table.add_row(start=1, end=DURATION + 2 * half, label="song")


def test_many_wrong_rows_give_a_short_message(table: AnnotationTable) -> None:
    frame = pd.DataFrame({"start": np.arange(2000) % 7 + 1.0, "end": 1.0, "label": "song"})
    with pytest.raises(AnnotationError) as caught:
        table.replace(frame)
    assert "row 1 (start=2.0, end=1.0)" in str(caught.value)
    assert "and 1709 more" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_unknown_and_double_ids(table: AnnotationTable) -> None:
    table.add_row(id="a", label="song")
    with pytest.raises(AnnotationError, match="'b', 'c'"):
        table.remove_rows(["a", "b", "c"])
    with pytest.raises(AnnotationError, match="and 3 more"):
        table.remove_rows([f"x{n}" for n in range(8)])
    with pytest.raises(AnnotationError, match="no annotation has the id 'b'"):
        table.update_row("b", start=1)
    with pytest.raises(AnnotationError, match="no annotation has the id 'b'"):
        table.row("b")
    with pytest.raises(AnnotationError, match="ids are for life"):
        table.update_row("a", **{"id": "b"})
    with pytest.raises(AnnotationError, match="already"):
        table.apply([Add({"id": "n", "label": ""}), Add({"id": "n", "label": ""})])
    with pytest.raises(AnnotationError, match="no annotation has the id 'a'"):
        table.apply([Remove("a"), Remove("a")])
    assert table.remove_rows(["a", "a"]).size == 1


def test_later_operations_see_earlier_ones(table: AnnotationTable) -> None:
    table.add_row(id="a", label="song", note="old")
    change = table.apply(
        [
            Add({"id": "n", "start": 1, "end": 2, "label": "song"}),
            Update("n", {"label": "call"}),
            Add({"id": "gone", "label": "song"}),
            Remove("gone"),
            Remove("a"),
            Add({"id": "a", "label": "call"}),
        ]
    )
    assert [op["op"] for op in change.ops] == ["update", "add"]
    assert table.row("n")["label"] == "call"
    assert table.row("a")["note"] == ""  # a new row of the same id
    assert table.ids() == ["a", "n"]
    assert "gone" not in table
    table.undo()
    assert table.row("a")["note"] == "old"


def test_nothing_to_do_is_no_change(table: AnnotationTable) -> None:
    id = table.add_row(start=1, end=2, label="song").ids[0]
    before = table.snapshot()
    for change in (
        table.update_row(id, start=1.0, label="song"),
        table.apply([]),
        table.remove_rows([]),
        table.replace(table.to_dataframe()),
        table.apply([Add({"id": "x", "label": ""}), Remove("x")]),
        table.update_row(id),
    ):
        assert not change
        assert change.ops == change.inverse == ()
        assert change.size == 0
        assert change.revision == 1
    assert table.snapshot() == before


def test_a_change_sets_updated_at(table: AnnotationTable, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(np.datetime64("2024-01-01", "ns") + np.arange(9) * np.timedelta64(1, "s"))
    monkeypatch.setattr("specwidget.annotations.table.utc_now", lambda: next(clock))
    id = table.add_row(start=1, end=2, label="song").ids[0]
    other = table.add_row(start=1, end=2, label="song").ids[0]
    change = table.update_row(id, end=3)
    assert change.ops[0]["set"] == {"end": 3.0, "updated_at": "2024-01-01T00:00:02.000Z"}
    assert table.row(id)["created_at"] == "2024-01-01T00:00:00.000Z"
    assert table.row(other)["updated_at"] == "2024-01-01T00:00:01.000Z"
    frame = table.to_dataframe()
    frame.loc[1, "note"] = "x"
    frame["updated_at"] = pd.Timestamp("1999-01-01", tz="UTC")
    change = table.replace(frame)
    assert change.ids == [other]
    assert table.row(other)["updated_at"] == "2024-01-01T00:00:03.000Z"
    table.undo()
    assert table.row(other)["updated_at"] == "2024-01-01T00:00:01.000Z"


def test_the_widget_does_not_set_times(table: AnnotationTable) -> None:
    past = "1999-01-01T00:00:00Z"
    row = {"id": "a", "start": 1, "end": 2, "label": "", "created_at": past, "updated_at": None}
    table.apply([{"op": "add", "row": row}], source="widget")
    assert table.row("a")["created_at"] > "2024"
    assert not table.apply([Update("a", {"created_at": past})], source="widget")
    assert table.apply([Update("a", {"created_at": past})]).source == "python"
    assert table.row("a")["created_at"] == "1999-01-01T00:00:00.000Z"


def test_emptying_cells(table: AnnotationTable) -> None:
    table.add_row(
        id="a", start=1, end=2, low_freq=1, channel=1, label="song", note="x", source="m", score=1
    )
    table.update_row(
        "a", start=None, end=None, low_freq=None, channel=None, label=None, note=None, score=None
    )
    row = table.row("a")
    assert [row[name] for name in ("start", "end", "low_freq", "channel", "score")] == [None] * 5
    assert row["label"] == row["note"] == ""
    # What always has a value keeps it.
    assert not table.update_row("a", status=None, source=None, created_at=None, recording=None)


def test_recordings_of_the_same_file_name_are_ours(table: AnnotationTable) -> None:
    for key in ("", None, "data/day.flac", "day.flac", "/somewhere/else/day.flac", "C:\\day.flac"):
        table.add_row(label="song", recording=key)
    assert {row["recording"] for row in table.rows()} == {"data/day.flac"}
    frame = pd.DataFrame(
        {"start": 1.0, "end": 2.0, "label": "song", "recording": ["day.flac", "night.flac"]}
    )
    with pytest.raises(AnnotationError, match=r"row 1 \(recording='night.flac'\)"):
        table.replace(frame)


def test_open_labels() -> None:
    table = make_table(["song"], open=True)
    known = table.labels
    table.add_row(label="song")
    assert table.labels is known
    table.apply([Add({"label": "call"}), Add({"label": ""}), Add({"label": "rain"})])
    assert table.labels.names == ("song", "call", "rain")
    table.undo()
    assert table.labels.names == ("song", "call", "rain")
    anything = AnnotationTable("a", 1.0, 1, 100.0)
    anything.add_row(label="x")
    assert anything.labels.names == ("x",)


def test_changing_the_labels(table: AnnotationTable) -> None:
    table.add_row(id="a", label="song")
    table.add_row(id="b", label="call")
    table.remove_rows("b")
    with pytest.raises(AnnotationError, match=r"label is not in the set: row 'a' \(label='song'\)"):
        table.labels = LabelSet.parse(["rain"])
    assert table.labels.names == ("song", "call")
    table.labels = LabelSet.parse(["song"])
    with pytest.raises(AnnotationError, match="row 'b'"):
        table.undo()  # would bring back a label that is gone
    assert table.ids() == ["a"]
    assert table.undo_label == "remove call"
    table.labels = LabelSet.parse([], open=True)
    assert table.labels.names == ("song",)
    table.undo()
    assert table.labels.names == ("song", "call")


def test_history_words(table: AnnotationTable) -> None:
    def label_of(change: Any) -> str:
        assert change.label == table.undo_label
        return str(change.label)

    a = table.add_row(start=1, end=2, low_freq=100, high_freq=200, label="song")
    assert label_of(a) == "add song"
    [id] = a.ids
    assert label_of(table.add_row(label="")) == "add annotation"
    whole = table.ids()[1]
    assert label_of(table.apply([Add({"label": "call"})] * 3)) == "add 3 annotations"
    assert label_of(table.update_row(id, start=2, end=3)) == "move song"
    assert label_of(table.update_row(id, low_freq=200, high_freq=300)) == "move song"
    assert (
        label_of(table.update_row(id, low_freq=300, high_freq=400, start=3, end=4)) == "move song"
    )
    assert label_of(table.update_row(id, end=5)) == "resize song"
    assert label_of(table.update_row(id, start=4, end=4.5)) == "resize song"
    assert label_of(table.update_row(id, low_freq=250)) == "resize song"
    assert label_of(table.update_row(id, low_freq=None)) == "make song an interval"
    assert label_of(table.update_row(id, label="call")) == "relabel"
    assert label_of(table.update_rows(table.ids(), label="song")) == "relabel 5 annotations"
    assert label_of(table.update_row(id, note="?")) == "edit the note of song"
    assert label_of(table.update_row(id, status="draft")) == "mark as draft song"
    assert label_of(table.update_row(id, status="accepted")) == "accept song"
    assert label_of(table.update_rows(table.ids(), status="rejected")) == "reject 5 annotations"
    assert label_of(table.update_row(id, note="", tier="b")) == "change song"
    assert label_of(table.remove_rows(whole)) == "remove song"
    assert label_of(table.replace([(1, 2, "song")])) == "change 5 annotations"
    assert label_of(table.replace([])) == "remove song"
    table.undo()
    assert (table.undo_label, table.redo_label) == ("change 5 annotations", "remove song")


def test_moving_several(table: AnnotationTable) -> None:
    table.apply([Add({"id": f"r{n}", "start": n, "end": n + 0.3, "label": ""}) for n in range(3)])
    change = table.apply(
        [Update(f"r{n}", {"start": n + 0.1, "end": n + 0.3 + 0.1}) for n in range(3)]
    )
    assert change.label == "move 3 annotations"


def test_undo_and_redo(table: AnnotationTable) -> None:
    assert table.undo_label is None
    assert table.redo_label is None
    for step, words in ((table.undo, "nothing to undo"), (table.redo, "nothing to redo")):
        with pytest.raises(AnnotationError, match=words):
            step()
    table.apply([Add({"id": n, "label": ""}) for n in "abc"])
    before = table.rows()
    table.remove_rows("b")
    assert table.ids() == ["a", "c"]
    change = table.undo(source="widget")
    assert change.revision == table.revision == 3
    assert change.ops == ({"op": "add", "row": before[1], "at": 1},)
    assert change.source == "widget"
    assert table.rows() == before
    assert table.redo_label == "remove annotation"
    table.redo()
    assert table.ids() == ["a", "c"]
    table.undo()
    table.add_row(id="d", label="")
    assert table.redo_label is None
    assert table.ids() == ["a", "b", "c", "d"]
    table.forget_history()
    assert table.undo_label is None
    with pytest.raises(AnnotationError):
        table.undo()
    assert len(table) == 4


def test_rows_put_in_at_a_place(table: AnnotationTable) -> None:
    table.apply([Add({"id": n, "label": ""}) for n in "abc"])
    change = table.apply(
        [Add({"id": "x", "label": ""}, at=1), Add({"id": "y", "label": ""}, at=1), Add({"id": "z"})]
    )
    assert table.ids() == ["a", "y", "x", "b", "c", "z"]
    assert [(op["row"]["id"], op.get("at")) for op in change.ops] == [
        ("y", 1),
        ("x", 2),
        ("z", None),
    ]
    table.undo()
    assert table.ids() == ["a", "b", "c"]
    table.apply([Add({"id": "q", "label": ""}, at=999)])
    assert table.ids()[-1] == "q"


def test_a_snapshot_has_all_there_is_to_know(table: AnnotationTable) -> None:
    empty = table.snapshot()
    assert len(empty.pop("columns")) == 0
    assert empty == {"rev": 0, "extras": {}, "undo": None, "redo": None}
    table.add_row(label="song", score=0.5)
    snapshot = table.snapshot()
    assert snapshot["columns"].rows_json() == table.rows()
    table.undo()
    assert snapshot["columns"].rows_json()[0]["score"] == 0.5
    assert (snapshot["rev"], snapshot["undo"], snapshot["redo"]) == (1, "add song", None)
    assert table.snapshot()["redo"] == "add song"


def test_what_is_given_out_is_not_the_table(table: AnnotationTable) -> None:
    id = table.add_row(start=1, end=2, label="song").ids[0]
    before = table.rows()
    table.row(id)["start"] = 9
    table.rows()[0]["label"] = "x"
    frame = table.to_dataframe()
    for name in frame.columns:
        frame[name] = frame[name].to_numpy(copy=False)[::-1]
    frame = table.to_dataframe()
    frame.loc[0, ["label", "note"]] = "x"
    frame.loc[0, "start"] = 0.0
    assert table.rows() == before


@pytest.mark.parametrize(
    "op",
    [
        None,
        "remove",
        {},
        {"op": "drop", "id": "a"},
        {"op": "remove"},
        {"op": "remove", "id": 1},
        {"op": "update", "id": "a"},
        {"op": "update", "id": "a", "set": [1]},
        {"op": "add"},
        {"op": "add", "row": [1]},
        {"op": "add", "row": {}, "at": -1},
        {"op": "add", "row": {}, "at": True},
    ],
)
def test_not_an_operation(table: AnnotationTable, op: Any) -> None:
    with pytest.raises(AnnotationError, match="not an operation"):
        table.apply([op])
    assert table.revision == 0


def test_operations_and_their_json() -> None:
    for op in (Add({"start": 1}), Add({"start": 1}, 4), Update("a", {"note": None}), Remove("a")):
        assert op_from_json(json.loads(json.dumps(op.to_json()))) == op
        assert op_from_json(op) is op


def test_ids_are_text_that_no_reader_takes_for_a_number() -> None:
    ids = new_ids(2000)
    assert len(set(ids)) == 2000
    assert all(id[0] == "k" and id.isalnum() and id.isascii() and id.islower() for id in ids)
    assert new_ids(0) == []


def test_times_to_and_fro() -> None:
    ticks = np.array([0, 1, 1_000, 1_000_000, 1_714_558_830_123_456_789, -1], "datetime64[ns]")
    texts = iso_times(ticks)
    assert texts[:2] == ["1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000000001Z"]
    back, given, bad = read_times(pd.Series(texts, dtype=object))
    assert (back == ticks).all()
    assert given.all()
    assert not bad.any()


def test_threads(table: AnnotationTable) -> None:
    """Changes from several threads are all there, each with a revision of its own."""
    revisions: list[int] = []

    def work(name: str) -> None:
        for n in range(40):
            revisions.append(table.add_row(id=f"{name}{n}", start=1, end=2, label="song").revision)
            table.to_dataframe()
            table.snapshot()

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(table) == table.revision == 160
    assert sorted(revisions) == list(range(1, 161))
