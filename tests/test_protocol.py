"""The messages, by the fixtures that the tests of the front end read too."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specwidget import protocol
from specwidget.annotations.operations import Add, Remove, Update
from specwidget.errors import ProtocolError, SpecWidgetError

HERE = Path(__file__).parent / "protocol"
TO_KERNEL = json.loads((HERE / "to_kernel.json").read_text("utf-8"))
TO_FRONT = json.loads((HERE / "to_front.json").read_text("utf-8"))

MESSAGES = {
    "hello": protocol.Hello,
    "ping": protocol.Ping,
    "tiles.get": protocol.TilesGet,
    "tiles.cancel": protocol.TilesCancel,
    "audio.get": protocol.AudioGet,
    "value.get": protocol.ValueGet,
    "edit": protocol.Edit,
    "history": protocol.History,
    "history.get": protocol.HistoryGet,
    "transform.set": protocol.TransformSet,
    "spectrum.get": protocol.SpectrumGet,
    "series.get": protocol.SeriesGet,
    "assist.run": protocol.AssistRun,
    "assist.cancel": protocol.AssistCancel,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def _names(cases: list[dict[str, Any]]) -> list[str]:
    return [case["name"] for case in cases]


@pytest.mark.parametrize("case", TO_KERNEL["valid"], ids=_names(TO_KERNEL["valid"]))
def test_valid_messages_become_dataclasses(case: dict[str, Any]) -> None:
    raw = case["message"]
    message = protocol.parse_message(raw, case["buffers"])
    assert type(message) is MESSAGES[raw["type"]]
    for name in message.__slots__:
        member = getattr(message, name)
        if name == "keys":
            assert [list(key) for key in member] == raw["keys"]
        elif name == "ops":
            assert len(member) == len(raw["ops"])
        elif name == "ids":
            assert list(member) == raw["ids"]
        else:
            assert member == raw.get(name)
            assert not isinstance(member, bool)
    hash(type(message))


def test_operations_of_an_edit() -> None:
    raw = {
        "v": 1,
        "type": "edit",
        "id": "a",
        "base_rev": 0,
        "ops": [
            {"op": "add", "row": {"start": 1}, "at": 4},
            {"op": "update", "id": "k", "set": {"note": None}},
            {"op": "remove", "id": "k"},
        ],
    }
    message = protocol.parse_message(raw)
    assert isinstance(message, protocol.Edit)
    assert message.ops == (Add({"start": 1}), Update("k", {"note": None}), Remove("k"))


@pytest.mark.parametrize("case", TO_KERNEL["invalid"], ids=_names(TO_KERNEL["invalid"]))
def test_invalid_messages_are_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ProtocolError) as caught:
        protocol.parse_message(case["message"], case["buffers"])
    assert caught.value.code == case["code"]
    assert len(str(caught.value)) < 1000
    assert isinstance(caught.value, SpecWidgetError)


@pytest.mark.parametrize(
    "bad",
    [math.nan, math.inf, -math.inf, 10**5000],
    ids=["nan", "inf", "-inf", "enormous"],
)
def test_numbers_that_strict_json_lacks_are_refused(bad: float) -> None:
    """Python's own JSON reader lets these through."""
    head = {"v": 1, "id": "a"}
    for raw in (
        {"type": "value.get", "epoch": 0, "channel": 0, "time": bad, "freq": 1.0},
        {"type": "audio.get", "start": bad, "stop": 10, "channel": 0},
        {"type": "spectrum.get", "epoch": 0, "start": 0, "end": bad, "channel": 0},
        {"type": "series.get", "series": "o0.0", "start": bad, "end": 9, "columns": 1},
        {"type": "series.get", "series": "o0.0", "start": 0, "end": 9, "columns": bad},
        {"type": "assist.run", "name": "f", "start": 0, "end": bad, "channel": 0, "ids": []},
        {"type": "audio.get", "start": 0, "stop": bad, "channel": 0},
        {"type": "edit", "base_rev": 0, "ops": [{"op": "add", "row": {"start": bad}}]},
        {"type": "transform.set", "transform": {"type": "Stft", "n_fft": bad}},
    ):
        with pytest.raises(ProtocolError):
            protocol.parse_message({**head, **raw})


def test_sizes_are_bounded() -> None:
    head = {"v": 1, "type": "edit", "id": "a", "base_rev": 0}
    remove = {"op": "remove", "id": "k"}
    most = {**head, "ops": [remove] * protocol.MAX_OPS}
    assert len(protocol.parse_message(most).ops) == protocol.MAX_OPS  # type: ignore[union-attr]
    note = {"op": "update", "id": "k", "set": {"note": "x" * protocol.MAX_TEXT}}
    protocol.parse_message({**head, "ops": [note]})
    long = {"op": "update", "id": "k", "set": {"note": "x" * (protocol.MAX_TEXT + 1)}}
    for ops in ([remove] * (protocol.MAX_OPS + 1), [long]):
        with pytest.raises(ProtocolError):
            protocol.parse_message({**head, "ops": ops})
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ProtocolError):
        protocol.parse_message(
            {"v": 1, "type": "transform.set", "id": "a", "transform": {"type": "S", "w": deep}}
        )


@given(JSON)
def test_nothing_else_than_a_protocol_error_comes_out(raw: Any) -> None:
    with pytest.raises(ProtocolError):
        protocol.parse_message(raw)
    assert protocol.request_id(raw) is None or raw["id"] == protocol.request_id(raw)


@given(st.sampled_from(TO_KERNEL["valid"]), st.data())
def test_a_message_with_one_member_replaced_is_read_or_refused(
    case: dict[str, Any], data: st.DataObject
) -> None:
    raw = dict(case["message"])
    raw[data.draw(st.sampled_from(sorted(raw)))] = data.draw(JSON)
    try:
        message = protocol.parse_message(raw)
    except ProtocolError:
        return
    assert type(message) in MESSAGES.values()


@pytest.mark.parametrize("raw", [None, [], "x", {}, {"id": 1}, {"id": "a b"}, {"id": ""}])
def test_no_request_id(raw: Any) -> None:
    assert protocol.request_id(raw) is None


def test_request_id_of_a_message_that_is_otherwise_bad() -> None:
    assert protocol.request_id({"v": 99, "id": "p1-1"}) == "p1-1"


BUILDERS = {
    "annotations.snapshot": protocol.annotations_snapshot,
    "annotations.patch": protocol.annotations_patch,
    "history.data": protocol.history_data,
    "edit.reject": protocol.edit_reject,
    "audio.data": protocol.audio_data,
    "value": protocol.value,
    "spectrum.data": protocol.spectrum_data,
    "series.data": protocol.series_data,
    "assist.state": protocol.assist_state,
    "ok": protocol.ok,
    "error": protocol.error,
    "progress": protocol.progress,
}


@pytest.mark.parametrize("case", TO_FRONT["valid"], ids=_names(TO_FRONT["valid"]))
def test_builders_make_every_valid_message(case: dict[str, Any]) -> None:
    members = {k: v for k, v in case["message"].items() if k not in ("v", "type")}
    kind = case["message"]["type"]
    if kind == "tile.data":
        members["tiles"] = [
            ((tile["layer"], tile["level"], tile["index"]), tile["columns"], tile["exact"])
            for tile in members["tiles"]
        ]
        built = protocol.tile_data(**members)
    else:
        built = BUILDERS[kind](**members)
    assert built == case["message"]
    assert json.loads(json.dumps(built, allow_nan=False)) == case["message"]


def test_what_is_not_finite_becomes_null() -> None:
    built = protocol.value(
        id="a", frame=0, bin=0, time=0.5, freq=1.0, db=math.nan, sample=0, amplitude=-math.inf
    )
    assert built["db"] is None
    assert built["amplitude"] is None
    assert json.dumps(built, allow_nan=False)


def test_texts_for_people_are_short_and_well_formed() -> None:
    built = protocol.error(id=None, code="audio", message="caf\udce9.wav" + "x" * 100_000)
    assert len(built["message"]) == 4000
    built["message"].encode("utf-8")
    assert protocol.edit_reject(id="a", reason="no")["reason"] == "no"


def test_fixture_names_are_unique() -> None:
    for cases in (TO_KERNEL, TO_FRONT):
        names = _names(cases["valid"] + cases["invalid"])
        assert len(set(names)) == len(names)
