"""Rows as they travel to the front end: what is unpacked is what there was."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from unpacked import unpacked

from specwidget.annotations import AnnotationTable, LabelSet
from specwidget.annotations.packing import pack

FIXTURES = Path(__file__).parent / "protocol" / "to_front.json"


def make_table() -> AnnotationTable:
    return AnnotationTable("day.flac", 1000.0, 2, 4000.0, LabelSet.parse(None))


def there_and_back(table: AnnotationTable) -> list[dict[str, Any]]:
    snapshot = table.snapshot()
    columns, buffers = pack(snapshot["columns"])
    assert [column["buffer"] for column in columns if "buffer" in column] == list(
        range(len(buffers))
    )
    message = {"n": len(snapshot["columns"]), "columns": columns}
    return unpacked(json.loads(json.dumps(message, allow_nan=False)), buffers)


def test_the_shared_case_is_what_is_packed() -> None:
    cases = json.loads(FIXTURES.read_text("utf-8"))["valid"]
    [case] = [case for case in cases if "packed" in case["name"]]
    table = make_table()
    table.replace(pd.DataFrame(case["rows"]).drop(columns="updated_at"))
    buffers = [base64.b64decode(text) for text in case["data"]]
    assert unpacked(case["message"], buffers) == case["rows"]
    kept = [{k: v for k, v in row.items() if k != "updated_at"} for row in there_and_back(table)]
    assert kept == [{k: v for k, v in r.items() if k != "updated_at"} for r in case["rows"]]


texts = st.sampled_from(["", "song", "call", "\u2013", 'a "b"\tc'])
times = st.sampled_from(
    ["2024-05-01T10:20:30.123Z", "1969-12-31T23:59:59.001Z", "2024-05-01T10:20:30.123456789Z"]
)
rows = st.fixed_dictionaries(
    {"label": texts, "start": st.floats(0, 400), "end": st.floats(400, 1000)},
    optional={
        "note": st.text(max_size=4),
        "channel": st.sampled_from([None, 0, 1]),
        "score": st.none() | st.floats(-1e300, 1e300),
        "low_freq": st.none() | st.floats(0, 4000),
        "created_at": times,
        "status": st.sampled_from(["draft", "accepted", "rejected"]),
    },
)
own = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)


@settings(max_examples=100, deadline=None)
@given(st.lists(rows, max_size=12), st.data())
def test_any_rows(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    table = make_table()
    frame = pd.DataFrame(rows, columns=list({n: 0 for row in rows for n in row}) or None)
    if not rows:
        assert there_and_back(table) == []
        return
    if data.draw(st.booleans()):
        frame["own"] = pd.Series([data.draw(own) for _ in rows], dtype=object)
    if data.draw(st.booleans()):
        frame["gain"] = np.array([data.draw(st.floats()) for _ in rows])
    table.replace(frame)
    assert json.dumps(there_and_back(table)) == json.dumps(table.rows())


def test_texts_of_many_kinds_have_wider_codes() -> None:
    table = make_table()
    n = 2000
    table.replace([(k / 10, k / 10 + 0.05, f"label {k % 300}") for k in range(n)])
    columns, buffers = pack(table.snapshot()["columns"])
    [label] = [column for column in columns if column["name"] == "label"]
    assert len(label["values"]) == 300
    assert len(buffers[label["buffer"]]) == 2 * n
    assert there_and_back(table) == table.rows()


def test_what_all_rows_share_is_sent_once() -> None:
    table = make_table()
    table.replace([(k / 10, k / 10 + 0.05, "song") for k in range(1000)])
    columns, buffers = pack(table.snapshot()["columns"])
    constant = {column["name"] for column in columns if len(column.get("values", "..")) == 1}
    assert constant >= {"recording", "label", "source", "note", "score", "created_at", "channel"}
    assert len(buffers) == 2
