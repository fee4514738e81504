"""Rules for annotations as a widget has them: overlap, tiers, locks, own columns, history."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from specwidget import (
    AnnotationError,
    ParameterError,
    ParameterTypeError,
    SpecWidget,
    routing,
)
from specwidget.annotations import AnnotationTable, LabelSet

SR = 1000
QUALITY = ["good", "bad"]
OWN = {"count": int, "gain": float, "who": str, "sure": bool, "quality": QUALITY}


@pytest.fixture
def make() -> Any:
    made: list[SpecWidget] = []

    def make(**options: Any) -> SpecWidget:
        w = SpecWidget(np.zeros((2, 10 * SR), dtype=np.float32), sr=SR, **options)
        w.heard = []
        w.send = lambda content, buffers=None: w.heard.append(content)
        made.append(w)
        return w

    yield make
    for w in made:
        w.close()


def ask(w: Any, **message: Any) -> dict[str, Any]:
    """Send a message as a view does, and give the answer."""
    w._handle_custom_msg({"v": 1, "id": "p-1", **message}, [])
    answer: dict[str, Any] = w.heard[-1]
    assert "p-1" in (answer.get("id"), answer.get("edit_id"))
    return answer


def edit(w: Any, *ops: dict[str, Any]) -> dict[str, Any]:
    return ask(w, type="edit", base_rev=0, ops=list(ops))


def update(id: str, **cells: Any) -> dict[str, Any]:
    return {"op": "update", "id": id, "set": cells}


# Overlap ------------------------------------------------------------------------------------------


def test_overlap_is_a_setting_of_the_widget(make: Any) -> None:
    w = make(overlap="forbid")
    w.add(1, 2, "song")
    with pytest.raises(AnnotationError, match="may not overlap"):
        w.add(1.5, 3)
    answer = edit(w, {"op": "add", "row": {"id": "x", "start": 1.5, "end": 3}})
    assert answer["type"] == "edit.reject" and "may not overlap" in answer["reason"]
    w.overlap = "trim"
    answer = edit(w, {"op": "add", "row": {"id": "x", "start": 1.5, "end": 3}})
    assert answer["ops"][0]["row"]["start"] == 2.0
    w.overlap = "allow"
    w.add(1.5, 3)
    with pytest.raises(AnnotationError, match="may not overlap"):
        w.overlap = "forbid"
    assert w.overlap == "allow"
    w.add(1.5, 3)


def test_the_first_rows_keep_to_the_policy_too(make: Any) -> None:
    rows = [(1, 3, "a"), (2, 4, "b")]
    assert list(make(annotations=rows, overlap="trim").annotations["start"]) == [1, 3]
    with pytest.raises(AnnotationError, match="may not overlap"):
        make(annotations=rows, overlap="forbid")
    with pytest.raises(ParameterError, match="overlap='never' is unknown; give one of allow"):
        make(overlap="never")


# Tiers --------------------------------------------------------------------------------------------


def test_tiers_are_those_declared_and_those_that_rows_bring(make: Any) -> None:
    w = make(tiers=["words", "phones"])
    assert w.tiers == ["words", "phones"]
    w.add(1, 2, tier="notes")
    edit(w, {"op": "add", "row": {"id": "x", "start": 1, "end": 2, "tier": "more"}})
    w.add(1, 2)
    assert w.tiers == ["words", "phones", "notes", "more"]
    w.tiers = ["more"]
    assert w.tiers == ["more", "notes"]
    w.undo(2)
    assert w.tiers == ["more", "notes"]
    assert make(annotations=[{"start": 1, "end": 2, "label": "", "tier": "b"}]).tiers == ["b"]


def test_a_closed_set_of_tiers(make: Any) -> None:
    w = make(tiers=["words", "phones"], allow_new_tiers=False)
    w.add(1, 2, tier="words")
    w.add(1, 2)
    with pytest.raises(AnnotationError) as caught:
        w.add(1, 2, tier="word")
    assert str(caught.value) == (
        "there is no such tier: the new row (tier='word'); "
        "give one of 'words', 'phones', or pass allow_new_tiers=True"
    )
    with pytest.raises(AnnotationError, match="no such tier"):
        w.tiers = ["phones"]
    assert w.tiers == ["words", "phones"]
    w.remove(w.annotations["id"])
    w.tiers = ["phones"]
    with pytest.raises(AnnotationError, match="no such tier"):
        w.undo()
    for odd in ("words", [1], [""], 5):
        with pytest.raises(ParameterTypeError, match="is no list of names"):
            w.tiers = odd


# Locks, hiding, threshold -------------------------------------------------------------------------


def test_locked_rows_are_for_python_alone(make: Any) -> None:
    w = make(labels=["song", "call"], locked_labels=["song"], locked_tiers=["ref"])
    song, ref = w.add(1, 2, "song"), w.add(1, 2, "call", tier="ref")
    free = w.add(1, 2, "call")
    refused = [
        [update(song, end=3)],
        [update(song, label="call")],
        [update(ref, note="?")],
        [{"op": "remove", "id": song}],
        [update(free, label="song")],
        [update(free, tier="ref")],
        [{"op": "add", "row": {"id": "n", "start": 1, "end": 2, "label": "song"}}],
        [update(free, end=3), {"op": "remove", "id": ref}],
    ]
    before = w.annotations
    for ops in refused:
        answer = edit(w, *ops)
        assert answer["type"] == "edit.reject"
        assert answer["reason"].startswith("locked: row ")
        assert "unlock the label or the tier" in answer["reason"]
    pd.testing.assert_frame_equal(w.annotations, before)
    assert edit(w, update(free, end=3))["ops"]
    w.update(song, end=5)
    answer = ask(w, type="history", action="undo", of=None)
    assert answer["type"] == "edit.reject" and "locked" in answer["reason"]
    w.locked_labels = []
    assert ask(w, type="history", action="undo", of=None)["type"] == "annotations.patch"
    assert w.annotations.set_index("id").loc[song, "end"] == 2


def test_what_has_no_label_can_be_locked_too(make: Any) -> None:
    w = make(locked_labels=[""], hidden_tiers=[""])
    row = w.add(1, 2)
    assert edit(w, update(row, end=3))["type"] == "edit.reject"
    assert edit(w, update(row, label="song"))["type"] == "edit.reject"


def test_a_view_may_hide_and_lock_and_set_the_threshold(make: Any) -> None:
    w = make()
    w.set_state(
        {
            "hidden_labels": ["a", "a"],
            "hidden_tiers": ["t"],
            "locked_labels": ["b"],
            "locked_tiers": ["u"],
            "min_score": 0.5,
        }
    )
    assert w.hidden_labels == ["a"] and w.hidden_tiers == ["t"] and w.min_score == 0.5
    b = w.add(1, 2, "b")
    assert edit(w, update(b, end=3))["type"] == "edit.reject"
    w.set_state({"min_score": None, "locked_labels": "b", "overlap": "trim", "tiers": ["x"]})
    assert (w.min_score, w.locked_labels, w.overlap, w.tiers) == (None, ["b"], "allow", [])
    with pytest.raises(ParameterError, match="min_score=nan"):
        w.min_score = float("nan")


# Columns of one's own -----------------------------------------------------------------------------


def test_declared_columns_are_there_without_rows(make: Any) -> None:
    w = make(extra_columns=OWN)
    frame = w.annotations
    assert [str(frame[name].dtype) for name in OWN] == [
        "Int64",
        "float64",
        "string",
        "boolean",
        "category",
    ]
    answer = ask(w, type="hello")
    assert answer["extras"] == {
        "count": {"kind": "number", "integer": True},
        "gain": {"kind": "number"},
        "who": {"kind": "text"},
        "sure": {"kind": "bool"},
        "quality": {"kind": "choice", "choices": QUALITY},
    }
    row = w.add(1, 2, "song", count=3, quality="good")
    assert not edit(w, update(row, sure=True, who="me", gain=1, quality=None)).get("reason")
    last = w.annotations.iloc[-1]
    assert (last["count"], last["sure"], last["who"], last["gain"]) == (3, True, "me", 1.0)
    assert pd.isna(last["quality"])
    for cells, words in (
        ({"quality": "fair"}, "with 'good', 'bad'"),
        ({"count": 1.5}, "count=1.5"),
        ({"sure": "yes"}, "sure='yes'"),
    ):
        answer = edit(w, update(row, **cells))
        assert answer["type"] == "edit.reject" and words in answer["reason"]


def test_declared_columns_survive_frames_that_forgot_them(make: Any) -> None:
    w = make(extra_columns=OWN)
    first = w.add(1, 2, "song", count=3, quality="bad", sure=True)
    w.annotations = pd.DataFrame(
        {"id": [first, ""], "start": [1.0, 3.0], "end": [2.0, 4.0], "label": ["song", ""]}
    )
    frame = w.annotations
    assert frame["count"].tolist() == [3, pd.NA]
    assert frame["quality"].tolist()[0] == "bad"
    assert frame["quality"].isna().tolist() == [False, True]


def test_declared_columns_come_back_from_a_file(make: Any, tmp_path: Any) -> None:
    w = make(extra_columns=OWN)
    w.add(1, 2, "song", count=3, gain=0.5, who="12", sure=True, quality="bad")
    w.add(3, 4, "song", sure=False)
    before = w.annotations
    path = tmp_path / "labels.csv"
    before.to_csv(path, index=False)
    w.remove(before["id"])
    w.annotations = pd.read_csv(path)
    pd.testing.assert_frame_equal(w.annotations, before)
    for name, cell, words in (
        ("count", 2.5, "row 0 with id .*: count=2.5 does not fit"),
        ("sure", "maybe", "sure='maybe' does not fit"),
        ("quality", "fair", "quality='fair' does not fit"),
        ("gain", "loud", "gain='loud' does not fit"),
    ):
        frame = before.astype({name: object})
        frame.loc[0, name] = cell
        with pytest.raises(AnnotationError, match=words):
            w.annotations = frame


def test_a_change_of_columns_is_told(make: Any) -> None:
    w = make(extra_columns={"sure": bool})
    w.annotations = w.annotations.assign(speaker=pd.Series([], dtype="string"))
    patch = w.heard[-1]
    assert patch["type"] == "annotations.patch" and patch["ops"] == []
    assert patch["extras"] == {"sure": {"kind": "bool"}, "speaker": {"kind": "text"}}
    w.annotations = w.annotations.drop(columns=["speaker", "sure"])
    assert list(w.heard[-1]["extras"]) == ["sure"]
    w.undo()
    assert list(w.heard[-1]["extras"]) == ["sure", "speaker"]
    w.add(1, 2)
    assert "extras" not in w.heard[-1]


@pytest.mark.parametrize(
    ("columns", "error", "words"),
    [
        (["sure"], ParameterTypeError, "give a dict"),
        ({"label": str}, ParameterError, "a column 'label' already"),
        ({"": str}, ParameterTypeError, "give 1 to 256 characters"),
        ({"a": complex}, ParameterTypeError, "the kind of 'a'"),
        ({"a": "text"}, ParameterTypeError, "the kind of 'a'"),
        ({"a": []}, ParameterTypeError, "the kind of 'a'"),
        ({"a": ["x", "x"]}, ParameterTypeError, "the kind of 'a'"),
        ({"a": [1, 2]}, ParameterTypeError, "the kind of 'a'"),
        ({"a": {"x": 1}}, ParameterTypeError, "the kind of 'a'"),
    ],
)
def test_columns_that_cannot_be(make: Any, columns: Any, error: type, words: str) -> None:
    with pytest.raises(error, match="^extra_columns") as caught:
        make(extra_columns=columns)
    assert words in str(caught.value)


def test_what_other_columns_hold() -> None:
    table = AnnotationTable("day.flac", 10.0, 1, 500.0, LabelSet.parse(None))
    frame = pd.DataFrame({"start": [1.0], "end": [2.0], "label": ["song"]})
    table.replace(
        frame.assign(
            small=np.int8(3),
            ratio=np.float32(0.5),
            flag=False,
            text="x",
            any=pd.Series([{"a": 1}], dtype=object),
            seen=pd.Timestamp("2024-05-01"),
            rank=pd.Categorical([2], categories=[1, 2]),
            day=pd.Categorical([pd.Timestamp("2024-05-01")]),
        )
    )
    assert table.extras == {
        "small": {"kind": "number", "integer": True},
        "ratio": {"kind": "number"},
        "flag": {"kind": "bool"},
        "text": {"kind": "text"},
        "any": {"kind": "text"},
        "seen": {"kind": "text"},
        "rank": {"kind": "choice", "choices": [1, 2]},
        "day": {"kind": "text"},
    }


# History ------------------------------------------------------------------------------------------


def test_history_tells_who_did_what(make: Any) -> None:
    w = make()
    assert w.history.empty and list(w.history.columns) == [
        "step",
        "text",
        "source",
        "time",
        "rows",
        "undone",
    ]
    song = w.add(1, 2, "song")
    edit(w, update(song, start=1.5))
    w.annotations = pd.concat([w.annotations, pd.DataFrame([{"start": 5, "end": 6, "label": "x"}])])
    ask(w, type="history", action="undo", of=None)
    history = w.history
    assert history["step"].tolist() == [1, 2, 3]
    assert history["text"].tolist() == ["add song", "resize song", "add x"]
    assert history["source"].tolist() == ["python", "widget", "python"]
    assert history["rows"].tolist() == [1, 1, 1]
    assert history["undone"].tolist() == [False, False, True]
    assert str(history["time"].dtype) == "datetime64[ns, UTC]"
    answer = ask(w, type="history.get")
    assert answer["at"] == 2
    assert [entry["step"] for entry in answer["entries"]] == [1, 2, 3]
    assert answer["entries"][1]["text"] == "resize song"
    w.add(7, 8, "new")
    assert w.history["text"].tolist() == ["add song", "resize song", "add new"]


def test_several_steps_at_once(make: Any) -> None:
    w = make()
    ids = [w.add(n, n + 0.5, f"label {n}") for n in range(6)]
    w.heard.clear()
    w.undo(4)
    assert len(w.heard) == 1 and len(w.heard[0]["ops"]) == 4
    assert list(w.annotations["id"]) == ids[:2]
    w.redo(3)
    assert list(w.annotations["id"]) == ids[:5]
    assert ask(w, type="history", action="goto", of=None, step=0)["type"] == "annotations.patch"
    assert w.annotations.empty
    w.goto(6)
    assert list(w.annotations["id"]) == ids
    revision = w.revision
    w.goto(6)
    assert w.revision == revision
    for make_step, words in (
        (lambda: w.undo(7), "there are only 6 to undo"),
        (lambda: w.goto(7), "give one of 0 to 6"),
        (w.redo, "nothing to redo"),
    ):
        with pytest.raises(AnnotationError, match=words):
            make_step()
    for odd in (0, -1, 1.5, True):
        with pytest.raises((ParameterError, ParameterTypeError)):
            w.undo(odd)
    assert ask(w, type="history", action="goto", of=None, step=99)["type"] == "edit.reject"


def test_a_step_through_many_rows_is_told_by_all_of_them(make: Any) -> None:
    w = make()
    w.annotations = [(n / 1000, n / 1000 + 0.001, "x") for n in range(1500)]
    assert w.heard[-1]["type"] == "annotations.snapshot" and w.heard[-1]["id"] is None
    answer = ask(w, type="history", action="undo", of=None)
    assert answer["type"] == "annotations.snapshot" and answer["n"] == 0
    answer = ask(w, type="history", action="redo", of=None)
    assert answer["n"] == 1500 and answer["undo"] == "add 1500 annotations"


def test_a_long_history_is_shown_around_the_present(
    make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routing, "_MOST_STEPS", 10)
    w = make()
    row = w.add(1, 2)
    for n in range(40):
        w.update(row, note=str(n))

    def steps() -> list[int]:
        return [entry["step"] for entry in ask(w, type="history.get")["entries"]]

    assert steps() == list(range(32, 42))
    w.goto(20)
    assert steps() == list(range(16, 26))
    w.goto(1)
    assert steps() == list(range(1, 11))
    assert w.history["undone"].sum() == 40
