"""Annotations as tab-separated text and back: the shared cases, any texts, and the widget."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specwidget import AnnotationError, ParameterTypeError, SpecWidget
from specwidget.annotations import AnnotationTable, LabelSet
from specwidget.annotations.tsv import WRITTEN, read_tsv, shifted, write_tsv

FIXTURE = json.loads((Path(__file__).parent / "protocol" / "tsv.json").read_text("utf-8"))
DEFAULTS = {"label": "", "tier": "", "source": "manual", "status": "accepted"} | {
    name: "" for name in ("annotator", "note")
}


def cases(kind: str) -> Any:
    return pytest.mark.parametrize(
        "case", FIXTURE[kind], ids=[case["name"] for case in FIXTURE[kind]]
    )


def floats(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows as the table has them: numbers of ours are floats."""
    numbers = {"start", "end", "low_freq", "high_freq", "score"}
    return [
        {name: float(cell) if name in numbers and cell is not None else cell for name, cell in r}
        for r in (row.items() for row in rows)
    ]


@cases("written")
def test_what_is_written(case: dict[str, Any]) -> None:
    rows = [{**DEFAULTS, **row} for row in floats(case["rows"])]
    text = write_tsv(rows, case["kinds"])
    assert text == case["text"]
    if rows:
        said = [{k: v for k, v in row.items() if v not in (None, "")} for row in rows]
        assert read_tsv(text, case["kinds"]) == said


@cases("read")
def test_what_is_read(case: dict[str, Any]) -> None:
    if "refused" in case:
        with pytest.raises(AnnotationError) as caught:
            read_tsv(case["text"], case["kinds"])
        assert case["refused"] in str(caught.value)
    else:
        assert read_tsv(case["text"], case["kinds"]) == case["rows"]


@cases("shifted")
def test_what_is_shifted(case: dict[str, Any]) -> None:
    assert shifted(case["rows"], case["at"]) == case["result"]


rows = st.fixed_dictionaries(
    {"start": st.floats(0, 100), "end": st.floats(100, 1000)},
    optional={
        "label": st.text(),
        "note": st.text("=+-@\t\r\n'\"a ,;"),
        "tier": st.text("'=\t\"x"),
        "annotator": st.text(),
        "score": st.floats(allow_nan=False, allow_infinity=False),
        "low_freq": st.floats(0, 500),
        "channel": st.integers(0, 1),
        "status": st.sampled_from(["draft", "accepted", "rejected"]),
        "own": st.booleans(),
        "count": st.integers(-(2**53) + 1, 2**53 - 1),
    },
)
KINDS = {"own": {"kind": "bool"}, "count": {"kind": "number", "integer": True}}


@settings(max_examples=200, deadline=None)
@given(st.lists(rows, min_size=1, max_size=5))
def test_whatever_is_written_is_read(rows: list[dict[str, Any]]) -> None:
    text = write_tsv(rows, KINDS)
    said = [{k: v for k, v in row.items() if v not in ("",) or v is False} for row in rows]
    assert read_tsv(text, KINDS) == said
    # So it is by whoever else reads such files, and nothing in it is a formula.
    lines = list(csv.reader(io.StringIO(text, newline=""), dialect="excel-tab"))
    assert len(lines) == len(rows) + 1
    for line in lines[1:]:
        named = dict(zip([*WRITTEN, *KINDS], line, strict=True))
        for name in ("label", "note", "tier", "annotator"):
            assert not named[name].startswith(("=", "+", "-", "@", "\t", "\r"))


tables = st.text('"\n\t1').map("start\tend\n{}".format)


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text("1,;.\t\n\r\"'start e") | tables)
def test_whatever_is_pasted_is_read_or_refused(text: str) -> None:
    try:
        rows = read_tsv(text, KINDS)
    except AnnotationError as problem:
        assert len(str(problem)) < 2000
    else:
        assert all(set(row) <= {*WRITTEN, *KINDS} for row in rows)


@pytest.fixture
def w() -> Any:
    made = SpecWidget(
        np.zeros(10_000, dtype=np.float32), sr=1000, extra_columns={"sure": bool, "count": int}
    )
    yield made
    made.close()


def test_copies_of_all_there_is_can_be_pasted(w: SpecWidget) -> None:
    a = w.add(1, 2, "song", low_freq=10, high_freq=20, note="=1\n2", sure=True, count=3)
    w.add(3, 3, "call", score=0.5)
    w.add(label="rain")
    before = w.annotations
    text = w.copy()
    assert w.copy(a).count("\n") == 3
    assert w.copy([]) == w.copy().split("\n")[0] + "\n"
    ids = w.paste(text)
    assert w.history["text"].iloc[-1] == "add 3 annotations"
    assert list(w.annotations["id"][3:]) == ids
    own = ["id", "created_at", "updated_at"]
    pd.testing.assert_frame_equal(
        w.annotations[3:].drop(columns=own).reset_index(drop=True), before.drop(columns=own)
    )
    w.undo()
    pd.testing.assert_frame_equal(w.annotations, before)
    w.paste(text, at=6)
    assert w.annotations["start"].tolist()[3:5] == [6, 8]
    for text, words in (
        ("start\tend\n9\t11\n", "beyond the end of the recording: the new row"),
        ("nonsense", "start is not a number"),
        ("start\tcount\n1\t1.5\n", "count is not a whole number"),
    ):
        rows = len(w.annotations)
        with pytest.raises(AnnotationError, match=words):
            w.paste(text)
        assert len(w.annotations) == rows
    with pytest.raises(AnnotationError, match="no annotation has the id"):
        w.copy("nobody")
    with pytest.raises(ParameterTypeError, match="text=5"):
        w.paste(5)  # type: ignore[arg-type]


def test_a_frame_from_a_spreadsheet_is_the_same_table() -> None:
    table = AnnotationTable("day.flac", 10.0, 1, 500.0, LabelSet.parse(None))
    table.replace([(1, 2.5, "song"), (3, 3, "a\tb"), (None, None, "rain")])
    frame = pd.read_csv(io.StringIO(write_tsv(table.rows(), {})), sep="\t", keep_default_na=False)
    assert frame["label"].tolist() == ["song", "a\tb", "rain"]
    assert list(frame.columns) == list(WRITTEN)
