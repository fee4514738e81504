"""Annotations to DataFrames and back: dtypes, matching by id, the user's own columns."""

from __future__ import annotations

import io
import json
import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from specwidget.annotations import (
    NAMES,
    STATUSES,
    Add,
    AnnotationTable,
    LabelSet,
    Update,
    to_rows,
)
from specwidget.annotations.packing import pack
from specwidget.errors import AnnotationError, ParameterTypeError


@pytest.fixture
def table() -> AnnotationTable:
    return AnnotationTable("day.flac", 100.0, 2, 4000.0, LabelSet.parse(None))


TEXT = {"id", "recording", "tier", "label", "source", "annotator", "note"}
NUMBERS = {"start", "end", "low_freq", "high_freq", "score"}


def check_dtypes(frame: pd.DataFrame) -> None:
    assert list(frame.columns[: len(NAMES)]) == list(NAMES)
    assert isinstance(frame.index, pd.RangeIndex)
    for name in TEXT:
        assert frame[name].dtype == pd.StringDtype("python")
        assert not frame[name].isna().any()
    for name in NUMBERS:
        assert frame[name].dtype == np.float64
    assert frame["channel"].dtype == pd.Int64Dtype()
    assert list(frame["status"].cat.categories) == list(STATUSES)
    assert not frame["status"].cat.ordered
    for name in ("created_at", "updated_at"):
        assert str(frame[name].dtype) == "datetime64[ns, UTC]"


def test_dtypes(table: AnnotationTable) -> None:
    empty = table.to_dataframe()
    check_dtypes(empty)
    assert empty.shape == (0, len(NAMES))
    table.replace([(1, 2, "song"), (None, None, "rain", 0.5)])
    frame = table.to_dataframe()
    check_dtypes(frame)
    assert frame["channel"].isna().all()
    assert frame["status"].tolist() == ["accepted", "draft"]
    assert_frame_equal(empty, AnnotationTable("x", 1.0, 1, 1.0).to_dataframe())
    check_dtypes(pd.concat([frame, frame], ignore_index=True))


MINIMAL = [(1.0, 2.0, "song"), (3.0, 3.0, "call"), (float("nan"), float("nan"), "rain")]


@pytest.mark.parametrize(
    "annotations",
    [
        pd.DataFrame(MINIMAL, columns=["start", "end", "label"]),
        pd.DataFrame(MINIMAL, columns=["start", "end", "label"], index=["x", "x", "y"]),
        pd.DataFrame(MINIMAL, columns=["start", "end", "label"]).astype({"label": "category"}),
        pd.DataFrame(MINIMAL, columns=["start", "end", "label"]).astype({"label": "string"}),
        pd.DataFrame(MINIMAL, columns=["start", "end", "label"], dtype=object),
        pd.DataFrame(MINIMAL, columns=["start", "end", "label"]).convert_dtypes(),
        pd.DataFrame(MINIMAL, columns=["start", "end", "label"])[["label", "end", "start"]],
        MINIMAL,
        tuple(MINIMAL),
        iter(MINIMAL),
        [list(row) for row in MINIMAL],
        [(1, 2, "song"), (3, 3, "call", None), (None, None, "rain", float("nan"))],
        [dict(zip(("start", "end", "label"), row, strict=True)) for row in MINIMAL],
        [
            {"start": 1, "end": 2, "label": "song"},
            {"start": 3, "end": 3, "label": "call"},
            {"label": "rain", "note": None},
        ],
        {"start": [1, 3, None], "end": [2, 3, None], "label": ["song", "call", "rain"]},
    ],
)
def test_what_can_be_assigned(table: AnnotationTable, annotations: Any) -> None:
    change = table.replace(annotations)
    assert change.label == "add 3 annotations"
    frame = table.to_dataframe()
    check_dtypes(frame)
    assert list(frame.columns) == list(NAMES)
    expected = pd.DataFrame(MINIMAL, columns=["start", "end", "label"])
    expected["label"] = expected["label"].astype(frame["label"].dtype)
    assert_frame_equal(frame[["start", "end", "label"]], expected)


def test_nothing_can_be_assigned(table: AnnotationTable) -> None:
    for nothing in (None, [], (), pd.DataFrame({"start": [], "end": [], "label": []})):
        table.add_row(label="song")
        table.replace(nothing)
        assert len(table) == 0


def test_frames_of_other_libraries(table: AnnotationTable) -> None:
    class Frame:
        def to_pandas(self) -> pd.DataFrame:
            return pd.DataFrame(MINIMAL, columns=["start", "end", "label"])

    table.replace(Frame())
    assert len(table) == 3


@pytest.mark.parametrize("annotations", ["day.csv", b"day.csv", 5, object(), [5], ["song"], [None]])
def test_what_is_no_table(annotations: Any) -> None:
    with pytest.raises(ParameterTypeError, match=r"^annotations"):
        to_rows(annotations)


@pytest.mark.parametrize(
    "annotations", [[(1, 2)], [(1, 2, "a", 0.5, 6)], {"start": [1], "end": []}]
)
def test_what_has_the_wrong_shape(annotations: Any) -> None:
    with pytest.raises(AnnotationError, match=r"^annotations"):
        to_rows(annotations)


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (pd.DataFrame(), "no column 'start', 'end', 'label'"),
        (pd.DataFrame({"begin": [1], "end": [2], "label": ["a"]}), "but 'begin', 'end', 'label'"),
        (pd.DataFrame({"start": [1], "end": [2], "label": ["a"], 0: [1]}), "a column is called 0"),
        (
            pd.DataFrame([[1, 2, "a", "b"]], columns=["start", "end", "label", "label"]),
            "two columns",
        ),
        (
            pd.DataFrame({"start": [1, 1, 1], "end": 2, "label": "a", "id": ["x", "y", "x"]}),
            "an id is there twice: row 0 (id='x'), row 2 (id='x');",
        ),
        (
            pd.DataFrame({"start": [5, 1], "end": 2, "label": "a", "id": ["x", "y"]}),
            "row 0 with id 'x' (start=5.0, end=2.0)",
        ),
        (
            pd.DataFrame({"start": [5, 1], "end": 2, "label": "a"}, index=["p", "q"]),
            "row 0 with index 'p' (start=5.0, end=2.0)",
        ),
        (pd.DataFrame({"start": ["a"], "end": [2], "label": ["a"]}), "row 0 (start='a')"),
        (pd.DataFrame({"start": [1], "end": [2], "label": [None], "channel": [7]}), "channel=7"),
        (
            pd.DataFrame(
                {"start": [1], "end": [2], "label": "a", "created_at": np.array(["3000"], "M8[s]")}
            ),
            "between the years",
        ),
        (
            pd.DataFrame({"start": pd.to_timedelta([1], unit="s"), "end": [2], "label": ["a"]}),
            "start is not a number",
        ),
    ],
)
def test_refused_frames(table: AnnotationTable, frame: pd.DataFrame, words: str) -> None:
    table.add_row(id="z", label="song")
    before = table.snapshot()
    with pytest.raises(AnnotationError) as caught:
        table.replace(frame)
    assert words in str(caught.value)
    assert table.snapshot() == before


def test_a_small_change_is_a_small_patch(table: AnnotationTable) -> None:
    table.replace([(n, n + 1, "song") for n in range(50)])
    frame = table.to_dataframe()
    assert not table.replace(frame)
    frame.loc[7, "end"] = 9.5
    change = table.replace(frame)
    assert [op["op"] for op in change.ops] == ["update"]
    assert set(change.ops[0]["set"]) == {"end", "updated_at"}
    assert change.label == "resize song"
    change = table.replace(frame.drop(index=[3]))
    assert change.ops == ({"op": "remove", "id": frame["id"][3]},)
    more = pd.concat([table.to_dataframe(), pd.DataFrame([{"start": 1, "end": 2, "label": "new"}])])
    change = table.replace(more)
    assert [op["op"] for op in change.ops] == ["add"]
    assert "at" not in change.ops[0]
    assert table.rows()[-1]["label"] == "new"


def test_order(table: AnnotationTable) -> None:
    """New rows stand where the frame has them; rows that stay keep their order."""
    table.replace([{"id": name, "start": 1, "end": 1, "label": ""} for name in "abc"])
    frame = table.to_dataframe()
    new = pd.DataFrame({"id": ["x", "y"], "start": 1.0, "end": 1.0, "label": ""})
    table.replace(pd.concat([new[:1], frame[:2], new[1:], frame[2:]]))
    assert table.ids() == ["x", "a", "b", "y", "c"]
    table.undo()
    assert not table.replace(frame[::-1])
    table.replace(pd.concat([new, frame[::-1]]))
    assert table.ids() == ["a", "b", "c", "x", "y"]


def test_columns_that_are_left_out_stay(table: AnnotationTable) -> None:
    table.replace([{"id": "a", "start": 1, "end": 2, "label": "song", "note": "x", "channel": 1}])
    change = table.replace(
        [{"id": "a", "start": 1, "end": 3, "label": "song"}, {"id": "b", "label": ""}]
    )
    assert [op["op"] for op in change.ops] == ["update", "add"]
    assert table.row("a")["note"] == "x"
    assert table.row("a")["channel"] == 1
    assert table.row("b")["note"] == ""


def test_missing_cells(table: AnnotationTable) -> None:
    """A missing value empties a cell that can be empty, and leaves alone one that cannot."""
    table.replace(
        [{"id": "a", "start": 1, "end": 2, "label": "x", "note": "x", "source": "m", "score": 1}]
    )
    before = table.row("a")
    frame = table.to_dataframe().astype(object)
    for name in set(NAMES) - {"id", "start", "end"}:
        frame[name] = None
    table.replace(frame)
    row = table.row("a")
    assert row["label"] == row["note"] == ""
    assert row["score"] is None
    kept = ("source", "status", "recording", "created_at")
    assert {name: row[name] for name in kept} == {name: before[name] for name in kept}


@pytest.mark.parametrize("ids", [[1, 2], [1.0, np.nan], np.array([1, 2], "uint8"), ["1", None]])
def test_ids_that_a_reader_took_for_numbers(table: AnnotationTable, ids: Any) -> None:
    table.replace([{"id": "1", "start": 1, "end": 2, "label": "song", "note": "kept"}])
    table.replace(pd.DataFrame({"id": ids, "start": 1.0, "end": 2.0, "label": "song"}))
    assert table.rows()[0]["note"] == "kept"
    assert len(set(table.ids())) == 2


def test_channels_that_a_reader_took_for_floats(table: AnnotationTable) -> None:
    table.replace(pd.DataFrame({"start": 1.0, "end": 2.0, "label": "", "channel": [1.0, np.nan]}))
    assert table.to_dataframe()["channel"].tolist() == [1, pd.NA]


@pytest.mark.parametrize(
    "times",
    [
        pd.Series(pd.to_datetime(["2024-05-01 10:00", None])),
        pd.Series(pd.to_datetime(["2024-05-01 10:00", None])).astype("datetime64[s]"),
        pd.Series(pd.to_datetime(["2024-05-01 12:00", None])).dt.tz_localize("Europe/Berlin"),
        pd.Series(["2024-05-01T10:00:00Z", None]),
        pd.Series(["2024-05-01 12:00:00+02:00", ""], dtype=object),
        pd.Series([datetime(2024, 5, 1, 10, tzinfo=UTC), pd.NaT], dtype=object),
        pd.Series([np.datetime64("2024-05-01T10"), None], dtype=object),
    ],
)
def test_times(table: AnnotationTable, times: pd.Series) -> None:
    table.replace(pd.DataFrame({"start": 1.0, "end": 2.0, "label": "", "created_at": times}))
    frame = table.to_dataframe()
    assert frame["created_at"][0] == pd.Timestamp("2024-05-01 10:00", tz="UTC")
    assert frame["updated_at"][0] == frame["created_at"][0]
    assert abs(frame["created_at"][1] - pd.Timestamp.now("UTC")) < pd.Timedelta("1min")


def test_a_round_trip_through_csv_changes_nothing(table: AnnotationTable) -> None:
    table.replace([(0.125, 0.25, "song"), (3.5, 4, "call", 0.75), (None, None, 'äöü 🐦, "x"\n')])
    text = table.to_dataframe().to_csv(index=False)
    assert not table.replace(pd.read_csv(io.StringIO(text)))


EXTRAS: dict[str, pd.Series] = {
    "int": pd.Series([1, 2**60, -3]),
    "int8": pd.Series([1, 2, 3], dtype="int8"),
    "uint64": pd.Series([1, 2, 2**63 + 1], dtype="uint64"),
    "float": pd.Series([0.1, np.nan, -np.inf]),
    "float32": pd.Series([0.1, np.nan, 3], dtype="float32"),
    "complex": pd.Series([1j, 2, 3]),
    "bool": pd.Series([True, False, True]),
    "text": pd.Series(["a", None, "c"]),
    "string": pd.Series(["a", None, "c"], dtype="string"),
    "object": pd.Series(["a", None, np.nan], dtype=object),
    "mixed": pd.Series([1, "b", ["c", {"d": 1}]], dtype=object),
    "arrays": pd.Series([np.arange(3), np.zeros((2, 2)), None], dtype=object),
    "Int64": pd.Series([1, None, 2**60], dtype="Int64"),
    "boolean": pd.Series([True, None, False], dtype="boolean"),
    "Float32": pd.Series([0.5, None, 1], dtype="Float32"),
    "category": pd.Series(["x", None, "y"], dtype=pd.CategoricalDtype(["y", "x"], ordered=True)),
    "numbers by category": pd.Series([1, 2, 1], dtype="category"),
    "date": pd.Series(pd.to_datetime(["2024-01-01", None, "2024-02-03"])),
    "far date": pd.Series(np.array(["2024-01-01", "3000-01-01", "NaT"], "datetime64[s]")),
    "zone": pd.Series(pd.date_range("2024-10-27", periods=3, freq="90min", tz="Europe/Berlin")),
    "delta": pd.Series(pd.to_timedelta([1, None, 3], unit="s")),
    "period": pd.Series(pd.period_range("2024-01", periods=3, freq="M")),
    "interval": pd.Series(pd.interval_range(0, 3)),
    "sparse": pd.Series(pd.arrays.SparseArray([0, 0, 1])),
    "Größe in m": pd.Series(["0,5", "1", ""]),
}


@pytest.mark.parametrize("name", EXTRAS)
def test_columns_of_the_user(table: AnnotationTable, name: str) -> None:
    frame = pd.DataFrame(MINIMAL, columns=["start", "end", "label"])
    frame[name] = EXTRAS[name]
    table.replace(frame)
    given = table.to_dataframe()
    check_dtypes(given)
    assert list(given.columns) == [*NAMES, name]
    assert_frame_equal(given[[name]], frame[[name]])
    assert not table.replace(given)
    json.dumps([pack(table.snapshot()["columns"])[0], table.extras], allow_nan=False)
    json.dumps(table.rows(), allow_nan=False)
    # A row from the mouse has no value there; undone, the dtype is what it was.
    table.apply([Add({"start": 1, "end": 2, "label": "new"})], source="widget")
    wider = table.to_dataframe()
    assert wider[name].isna().tolist() == [*frame[name].isna(), True]
    assert not table.replace(wider)
    for left, right in zip(wider[name][:3], frame[name], strict=True):
        assert (
            np.array_equal(left, right)
            if isinstance(right, np.ndarray)
            else (bool(np.all(pd.isna(right))) or left == right)
        )
    table.undo()
    assert_frame_equal(table.to_dataframe(), given)
    # Dropped, and had back.
    change = table.replace(given.drop(columns=name))
    assert change.label == "change columns" or change.size
    assert list(table.to_dataframe().columns) == list(NAMES)
    assert name not in table.rows()[0]
    table.undo()
    assert_frame_equal(table.to_dataframe(), given)
    table.redo()
    table.undo()
    assert_frame_equal(table.to_dataframe(), given)


def test_a_change_among_the_columns_of_the_user(table: AnnotationTable) -> None:
    frame = pd.DataFrame(MINIMAL, columns=["start", "end", "label"])
    table.replace(frame.assign(loud=[True, False, True], count=[1, 2, 3]))
    given = table.to_dataframe()
    given.loc[1, "count"] = 5
    change = table.replace(given)
    assert set(change.ops[0]["set"]) == {"count", "updated_at"}
    change = table.replace(given[[*NAMES, "count", "loud"]])
    assert change
    assert change.ops == ()
    assert list(table.to_dataframe().columns[-2:]) == ["count", "loud"]
    change = table.replace(given[[*NAMES, "count"]])
    assert [op["set"]["loud"] for op in change.ops] == [None] * 3
    table.undo()
    change = table.replace(given[[*NAMES, "count", "loud"]].assign(new=[None, "x", None]))
    assert [op["set"]["new"] for op in change.ops] == ["x"]
    change = table.replace(table.to_dataframe().astype({"count": "float64"}))
    assert table.to_dataframe()["count"].dtype == np.float64
    assert json.dumps([op["set"]["count"] for op in change.inverse]) == "[1, 5, 3]"
    table.undo()
    assert table.to_dataframe()["count"].dtype == np.int64


def test_cells_of_the_user_from_both_sides(table: AnnotationTable) -> None:
    frame = pd.DataFrame({"id": ["a"], "start": 1.0, "end": 2.0, "label": ""}).assign(
        count=1,
        loud=True,
        size=0.5,
        kind=pd.Categorical(["x"], categories=["x", "y"]),
        seen=pd.Timestamp("2024-01-01"),
        who=pd.Series(["me"], dtype="string"),
        any=pd.Series([None], dtype=object),
    )
    table.replace(frame)
    good = {"count": 2, "loud": False, "size": 1, "kind": "y", "seen": "2024-05-01", "who": "you"}
    table.apply([Update("a", {**good, "any": 3})], source="widget")
    given = table.to_dataframe()
    assert given.dtypes[given.columns[len(NAMES) :]].tolist() == [
        frame[name].dtype for name in frame.columns[4:]
    ]
    assert given["kind"][0] == "y"
    assert given["seen"][0] == pd.Timestamp("2024-05-01")
    assert given["any"][0] == 3
    before = table.snapshot()
    for name, value in (
        ("count", 1.5),
        ("count", "2"),
        ("count", True),
        ("count", 2**70),
        ("loud", 1),
        ("loud", "x"),
        ("size", "1"),
        ("kind", "z"),
        ("kind", [1]),
        ("seen", 5),
        ("seen", "soon"),
        ("who", 5),
    ):
        with pytest.raises(AnnotationError, match=f"row 'a': {name}="):
            table.update_row("a", **{name: value})
    assert table.snapshot() == before
    table.update_row("a", **dict.fromkeys([*good, "any"]))
    given = table.to_dataframe()
    assert given[[*good, "any"]].isna().all(axis=None)
    assert given["count"].dtype == pd.Int64Dtype()
    assert given["loud"].dtype == pd.BooleanDtype()
    table.undo()
    assert table.to_dataframe()["count"].dtype == np.int64


def test_lists_in_cells_have_one_owner(table: AnnotationTable) -> None:
    tags = ["a"]
    table.replace([{"start": 1, "end": 2, "label": "", "tags": tags}])
    tags.append("b")
    frame = table.to_dataframe()
    frame["tags"][0].append("c")
    assert table.to_dataframe()["tags"][0] == ["a"]
    assert table.replace(frame).size == 1
    assert table.to_dataframe()["tags"][0] == ["a", "c"]


def test_a_hundred_thousand_rows(table: AnnotationTable) -> None:
    """The limits are generous: it is the order of magnitude that is tested."""
    n = 100_000
    start = np.linspace(0, 99, n)
    frame = pd.DataFrame({"start": start, "end": start + 0.5, "label": "song", "score": 0.5})
    begin = time.perf_counter()
    table.replace(frame)
    assert time.perf_counter() - begin < 6
    given = table.to_dataframe()
    given.loc[5, "end"] += 0.25
    begin = time.perf_counter()
    change = table.replace(given)
    assert time.perf_counter() - begin < 2
    assert len(change.ops) == 1
    begin = time.perf_counter()
    table.update_row(given["id"][9], label="call")
    assert time.perf_counter() - begin < 0.5
