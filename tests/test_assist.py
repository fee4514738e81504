"""Assistants: what they find, how they run, and what becomes of it."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import hypothesis.strategies as st
import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import example, given, settings
from numpy.typing import NDArray

from specwidget import AnnotationError, ParameterError, ParameterTypeError, SpecWidget, samples
from specwidget.assist import Example, FindOnsets, FindSimilar, FindSounds, Sound
from specwidget.assist.results import rows_of
from specwidget.assist.sound import sound_of
from specwidget.assist.sounds import loud_stretches, noise_floor
from specwidget.assist.windows import exhausted, scan_windows, windows
from specwidget.audio import open_audio

SR = 8000
PATIENCE = 30.0
Samples = NDArray[np.float32]


def beeps(*starts: float, duration: float = 20.0, length: float = 0.3) -> Samples:
    """Faint noise, and tones that begin at these seconds."""
    y = 0.001 * np.random.default_rng(0).normal(size=round(duration * SR))
    for start in starts:
        n = round(length * SR)
        first = round(start * SR)
        y[first : first + n] += 0.5 * np.sin(2 * np.pi * 1000 * np.arange(n) / SR)
    return y.astype(np.float32)


def loud(y: Samples, sr: float) -> list[tuple[float, float, str, float]]:
    """Find beeps, nearly to the sample."""
    near = np.convolve(np.abs(y) > 0.1, np.ones(21), "same") > 0
    going = np.concatenate([[False], near, [False]])
    edges = np.flatnonzero(going[1:] != going[:-1]).reshape(-1, 2)
    return [(a / sr, b / sr, "beep", 0.8) for a, b in edges]


class Heard:
    """A widget's messages, and a way to wait for some."""

    def __init__(self, widget: SpecWidget) -> None:
        self.messages: list[dict[str, Any]] = []
        self.buffers: list[list[Any]] = []
        self._changed = threading.Condition()
        widget.send = self._hear  # type: ignore[method-assign]
        self._widget = widget

    def _hear(self, content: dict[str, Any], buffers: Any = None) -> None:
        with self._changed:
            self.messages.append(content)
            self.buffers.append(list(buffers or ()))
            self._changed.notify_all()

    def of(self, kind: str) -> list[dict[str, Any]]:
        with self._changed:
            return [message for message in self.messages if message["type"] == kind]

    def wait(self, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        def any_found() -> dict[str, Any] | None:
            return next((message for message in self.messages if found(message)), None)

        with self._changed:
            assert self._changed.wait_for(lambda: any_found() is not None, PATIENCE)
            message = any_found()
            assert message is not None
            return message

    def say(self, kind: str, **members: Any) -> dict[str, Any]:
        """Send a message to the kernel; return its answer."""
        number = f"t-{len(self.messages)}-{kind}"
        self._widget._receive(self._widget, {"v": 1, "type": kind, "id": number, **members}, [])
        return self.wait(lambda m: m.get("id") == number)


@pytest.fixture
def widget() -> Iterator[SpecWidget]:
    made = SpecWidget(beeps(2.0, 7.0, 12.5), sr=SR)
    yield made
    made.close()


# Runs --------------------------------------------------------------------------------------------


def test_what_is_found_becomes_drafts_in_one_step(widget: SpecWidget) -> None:
    run = widget.assist(loud, "recording").wait(PATIENCE)
    assert (run.state, run.progress, run.n, run.text) == ("done", 1.0, 3, "3 found")
    found = widget.annotations
    assert found["start"].round(2).tolist() == [2.0, 7.0, 12.5]
    assert found["end"].round(2).tolist() == [2.3, 7.3, 12.8]
    assert found["score"].tolist() == [0.8] * 3
    assert set(found["source"]) == {"loud"}
    assert set(found["status"]) == {"draft"}
    assert run.result is not None
    assert run.result["id"].tolist() == found["id"].tolist()
    widget.undo()
    assert len(widget.annotations) == 0


@pytest.mark.parametrize(
    ("span", "starts"),
    [
        ("recording", [2.0, 7.0, 12.5]),
        ("view", [7.0]),
        ("selection", [12.5]),
        ((0.0, 8.0), [2.0, 7.0]),
        ((7.1, 99.0), [7.1, 12.5]),
    ],
)
def test_spans(widget: SpecWidget, span: Any, starts: list[float]) -> None:
    widget.view = (5.0, 10.0)
    widget.selected = [widget.add(12.0, 14.0), widget.add(15.0, 16.0)]
    run = widget.assist(loud, span, wait=True)
    assert run.result is not None
    assert run.result["start"].round(2).tolist() == starts


def test_names_labels_and_channels() -> None:
    w = SpecWidget(np.stack([beeps(2.0), beeps(5.0)]), sr=SR, labels=["call"])
    w.assist(lambda y, sr: [(1.0, 2.0)], "recording", name="mine", label="call", wait=True)
    w.assist(lambda y, sr: [{"start": 3.0, "note": "?"}], "recording", channel=1, wait=True)
    a, b = w.annotations.to_dict("records")
    assert (a["source"], a["label"], pd.isna(a["channel"])) == ("mine", "call", True)
    assert (b["source"], b["label"], b["channel"], b["end"]) == ("assistant", "", 1, 3.0)
    assert b["note"] == "?"
    run = w.assist(lambda y, sr: [(1.0, 2.0, "song")], name="other").wait(PATIENCE)
    assert run.state == "failed"
    assert "song" in run.text
    assert len(w.annotations) == 2
    w.assist("find_sounds", "recording", channel=1, wait=True)  # "sound" is not in the set
    assert w.annotations["label"].tolist() == ["call", "", ""]
    w.close()


def test_an_exception_is_kept_and_told_and_hurts_nobody(widget: SpecWidget) -> None:
    heard = Heard(widget)

    def broken(y: Samples, sr: float) -> None:
        raise ZeroDivisionError("by nothing")

    run = widget.assist(broken).wait(PATIENCE)
    assert run.state == "failed"
    assert isinstance(run.error, ZeroDivisionError)
    assert run.result is None
    told = heard.wait(lambda m: m.get("state") == "failed")
    assert told["text"] == "ZeroDivisionError: by nothing"
    with pytest.raises(ZeroDivisionError):
        widget.assist(broken, wait=True)

    def leaving(y: Samples, sr: float) -> None:
        raise SystemExit

    assert widget.assist(leaving).wait(PATIENCE).state == "failed"
    assert widget.assist(loud, "recording").wait(PATIENCE).n == 3


def test_a_run_is_cancelled_between_windows(widget: SpecWidget) -> None:
    heard = Heard(widget)
    begun, go_on = threading.Event(), threading.Event()
    seen: list[int] = []

    def slow(y: Samples, sr: float) -> list[Any]:
        seen.append(len(y))
        begun.set()
        assert go_on.wait(PATIENCE)
        return [(0.0, 0.1, "x")]

    run = widget.assist(slow, "recording", window=5.0)
    assert begun.wait(PATIENCE)
    assert run.state == "running"
    run.cancel()
    go_on.set()
    assert run.wait(PATIENCE).state == "cancelled"
    assert (len(seen), len(widget.annotations), run.result) == (1, 0, None)
    assert heard.of("assist.state")[-1]["state"] == "cancelled"


def test_a_generator_is_closed_when_its_run_is_cancelled(widget: SpecWidget) -> None:
    begun, go_on, closed = threading.Event(), threading.Event(), threading.Event()

    def stream(y: Samples, sr: float) -> Iterator[tuple[float, float, str]]:
        try:
            for k in range(1000):
                yield (0.01 * k, 0.01 * k, "x")
                begun.set()
                assert go_on.wait(PATIENCE)
        finally:
            closed.set()

    run = widget.assist(stream)
    assert begun.wait(PATIENCE)
    run.cancel()
    go_on.set()
    assert run.wait(PATIENCE).state == "cancelled"
    assert closed.is_set()
    assert len(widget.annotations) == 0


def test_what_a_generator_yields_is_added(widget: SpecWidget) -> None:
    def stream(y: Samples, sr: float) -> Iterator[Any]:
        yield (1.0, 2.0, "a")
        yield {"start": 3.0, "end": 4.0, "label": "b", "low_freq": 100.0, "high_freq": 200.0}

    widget.assist(stream, wait=True)
    assert widget.annotations["label"].tolist() == ["a", "b"]
    assert widget.annotations["high_freq"].tolist()[1] == 200.0


def test_two_runs_at_once_but_not_of_one_name(widget: SpecWidget) -> None:
    both = threading.Barrier(2, timeout=PATIENCE)

    def first(y: Samples, sr: float) -> list[Any]:
        both.wait()
        return [(0.0, 1.0, "first")]

    def second(y: Samples, sr: float) -> list[Any]:
        both.wait()
        return [(0.0, 1.0, "second")]

    one = widget.assist(first)
    with pytest.raises(ParameterError, match="'first' is running.*name="):
        widget.assist(first)
    other = widget.assist(second)
    assert one.wait(PATIENCE).state == other.wait(PATIENCE).state == "done"
    assert sorted(widget.annotations["label"]) == ["first", "second"]


def test_closing_the_widget_cancels_and_nothing_is_added() -> None:
    w = SpecWidget(beeps(2.0), sr=SR)
    begun, go_on = threading.Event(), threading.Event()

    def slow(y: Samples, sr: float) -> list[Any]:
        begun.set()
        assert go_on.wait(PATIENCE)
        return [(0.0, 1.0, "x")]

    run = w.assist(slow)
    assert begun.wait(PATIENCE)
    closing = threading.Thread(target=w.close)
    closing.start()
    while not run._stop.wait(0.01):
        pass
    go_on.set()
    closing.join(PATIENCE)
    assert run.wait(PATIENCE).state == "cancelled"
    assert len(w.table) == 0
    with pytest.raises(ParameterError, match="closed"):
        w.assist(slow)


def test_drafts_of_the_same_name_are_replaced_if_wanted(widget: SpecWidget) -> None:
    widget.assist(loud, "recording", wait=True)
    ids = widget.annotations["id"].tolist()
    widget.update(ids[0], status="accepted")
    widget.assist(loud, (5.0, 10.0), replace=True, wait=True)
    now = widget.annotations
    assert len(now) == 3
    assert set(ids) & set(now["id"]) == {ids[0], ids[2]}
    widget.undo()
    assert widget.annotations["id"].tolist() == ids
    widget.redo()
    widget.assist(loud, "recording", wait=True)
    assert len(widget.annotations) == 6


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((3,), {}, ["f=3"]),
        ((FindSounds,), {}, ["FindSounds", "forget the ()"]),
        (("no such",), {}, ["'no such'", "find_sounds"]),
        ((loud, "all"), {}, ["span='all'", "recording"]),
        ((loud, "selection"), {}, ["selection"]),
        ((loud, (5.0, 4.0)), {}, ["span=(5, 4)"]),
        ((loud, (50.0, 60.0)), {}, ["span=(50"]),
        ((loud,), {"window": 1.0, "overlap": 1.0}, ["window=1", "overlap=1"]),
        ((loud,), {"window": -1.0}, ["window"]),
        ((loud,), {"channel": 1}, ["channel=1"]),
        ((loud,), {"name": ""}, ["name=''"]),
        (("find_similar",), {}, ["selected"]),
    ],
)
def test_what_makes_no_sense_is_refused(
    widget: SpecWidget, arguments: tuple[Any, ...], options: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises((ParameterError, ParameterTypeError)) as caught:
        widget.assist(*arguments, **options)
    for word in words:
        assert word in str(caught.value)


def test_samples_that_are_no_numbers_are_zeros() -> None:
    y = beeps(2.0, 7.0)
    y[SR : SR + 100] = np.nan
    w = SpecWidget(y, sr=SR)

    def clean(y: Samples, sr: float) -> list[Any]:
        assert np.isfinite(y).all()
        return loud(y, sr)

    assert w.assist(clean, "recording", wait=True).n == 2
    find = FindSounds(low_freq=500.0)
    assert w.assist(find, "recording", wait=True).n == 2
    w.close()


# Results -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ([(0.0, 1.0), (np.nan, 1.0)], ["f: result 1", "start=nan"]),
        ([(0.0, 1.0), (0.5, 0.2)], ["result 1", "start=0.5", "end=0.2"]),
        ([(0.0, 12.0)], ["result 0", "end=12", "10 s"]),
        ([(-1.0, 2.0)], ["start=-1"]),
        ([("0", 2.0)], ["start='0'"]),
        ([(True, 2.0)], ["start=True"]),
        ([()], ["result 0 ", "()"]),
        ([(1, 2, "a", 0.5, 9)], ["result 0", "(start, end, label, score)"]),
        ([{"end": 2.0}], ["without a start"]),
        (pd.DataFrame({"begin": [1.0]}), ["without a start"]),
        ("song", ["f returned 'song'"]),
        (3.5, ["f returned 3.5"]),
        ({"start": 1.0}, ["f returned {'start': 1.0}"]),
    ],
)
def test_results_that_make_no_sense_name_the_first_bad_row(result: Any, words: list[str]) -> None:
    with pytest.raises(AnnotationError) as caught:
        rows_of(result, "f", 5.0, 10.0)
    for word in words:
        assert word in str(caught.value)


def test_one_bad_row_keeps_out_all(widget: SpecWidget) -> None:
    run = widget.assist(lambda y, sr: [(0.0, 1.0, "x")] * 5 + [(0.0, np.inf, "y")]).wait(PATIENCE)
    assert run.state == "failed"
    assert "result 5" in run.text
    assert isinstance(run.error, AnnotationError)
    assert len(widget.annotations) == 0


@pytest.mark.parametrize(
    "result",
    [
        pd.DataFrame({"start": [1.0], "end": [2.0], "label": ["a"], "score": [0.5], "size": [3]}),
        [{"start": 1.0, "end": 2.0, "label": "a", "score": 0.5, "size": 3}],
        ({"start": s, "end": 2, "label": "a", "score": 0.5, "size": 3} for s in (np.float32(1),)),
    ],
)
def test_every_kind_of_result(widget: SpecWidget, result: Any) -> None:
    own = widget.add(1.0, 2.0)
    widget.assist(lambda y, sr: result, (4.0, 10.0), wait=True)
    row = widget.annotations.iloc[1]
    assert (row["start"], row["end"], row["label"], row["score"]) == (5.0, 6.0, "a", 0.5)
    assert (row["size"], row["status"]) == (3, "draft")
    widget.undo()
    assert widget.annotations["id"].tolist() == [own]
    assert "size" not in widget.annotations.columns


def test_nothing_found_is_no_step(widget: SpecWidget) -> None:
    run = widget.assist(lambda y, sr: None, wait=True)
    assert run.text == "0 found"
    assert widget.revision == 0


# Windows -----------------------------------------------------------------------------------------


@given(n=st.integers(1, 500), size=st.integers(1, 60), share=st.floats(0.0, 0.95))
def test_windows_cover_a_sound_and_own_each_place_once(n: int, size: int, share: float) -> None:
    overlap = min(size - 1, int(share * size))
    every = windows(n, size, overlap)
    assert every[0].start == 0
    assert every[-1].stop == n
    for a, b in pairwise(every):
        assert b.start == a.start + size - overlap
        assert a.own_stop == b.own_start
        assert b.start <= b.own_start <= a.stop
    for place in range(n):
        assert sum(w.own_start <= place < w.own_stop for w in every) == 1


@settings(max_examples=40)
@given(
    starts=st.lists(st.floats(0.0, 57.0), min_size=1, max_size=12),
    window=st.floats(4.0, 30.0),
    overlap=st.floats(1.5, 3.0),
    jitter=st.floats(0.0, 0.02),
)
@example(starts=[10.0], window=4.0, overlap=2.875, jitter=0.015625)
def test_what_overlapping_windows_find_comes_once(
    starts: list[float], window: float, overlap: float, jitter: float
) -> None:
    """Events of 0.4 s, two seconds apart, which each window places a little differently."""
    events = sorted({round(start / 2) * 2 + 0.3 for start in starts})
    sr = 100
    place = np.arange(60 * sr, dtype=np.float32) / sr  # each sample tells its time
    rng = np.random.default_rng(0)

    def find(y: Samples, sr: float) -> list[Any]:
        t0, t1 = float(y[0]), float(y[-1]) + 1 / sr
        return [
            (
                max(0.0, event - t0 + rng.uniform(-jitter, jitter)),
                min(t1 - t0, event + 0.4 - t0 + rng.uniform(-jitter, jitter)),
                "x",
            )
            for event in events
            if event + 0.4 > t0 and event < t1  # also what it sees in part
        ]

    sound = sound_of(place, sr)
    rows = exhausted(scan_windows(find, "f", sound, window=window, overlap=overlap))
    assert len(rows) == len(events)
    for row, event in zip(rows, events, strict=True):
        assert row["start"] == pytest.approx(event, abs=jitter + 0.011)
        assert row["end"] == pytest.approx(event + 0.4, abs=jitter + 0.011)


def test_times_are_those_of_the_recording_in_any_window() -> None:
    y = beeps(*np.arange(0.5, 19.0, 1.7), duration=20.0)
    whole = rows_of(loud(y, SR), "loud", 0.0, 20.0)
    for window, overlap in ((3.0, 1.0), (7.0, 2.0), (20.0, 0.0), (4.0, 3.0)):
        found = exhausted(
            scan_windows(loud, "loud", sound_of(y, SR), window=window, overlap=overlap)
        )
        assert [row["start"] for row in found] == pytest.approx([row["start"] for row in whole])
    part = Sound(open_audio(y, SR), "mix", 5 * SR, 15 * SR)
    inside = [row for row in whole if row["start"] >= 5.0 and row["end"] <= 15.0]
    found = exhausted(scan_windows(loud, "loud", part, window=4.0, overlap=1.0))
    assert [row["start"] for row in found] == pytest.approx([row["start"] for row in inside])


def test_different_labels_and_bands_are_different_things() -> None:
    def find(y: Samples, sr: float) -> list[Any]:
        at = 5.0 - float(y[0])
        if not 0.0 <= at <= 9.0:
            return []
        return [
            (at, at + 0.2, "a"),
            (at, at + 0.2, "b"),
            {"start": at, "end": at + 0.2, "label": "a", "low_freq": 100, "high_freq": 200},
        ]

    sound = sound_of(np.arange(2000, dtype=np.float32) / 100, 100)
    rows = exhausted(scan_windows(find, "f", sound, window=10.0, overlap=9.8))
    assert [row["label"] for row in rows] == ["a", "b", "a"]


def test_a_long_span_comes_in_windows_of_a_minute() -> None:
    w = SpecWidget(np.zeros(150 * 1000, np.float32), sr=1000)
    lengths: list[float] = []
    w.assist(lambda y, sr: lengths.append(len(y) / sr), "recording", wait=True)
    assert lengths == [60.0, 60.0, 30.0]
    w.close()


# Messages ----------------------------------------------------------------------------------------


def test_a_person_runs_and_cancels_by_message(widget: SpecWidget) -> None:
    heard = Heard(widget)
    widget.assistants["loud"] = loud
    assert widget._assistants[-1] == {
        "name": "loud",
        "doc": "Find beeps, nearly to the sample.",
        "needs": None,
    }
    run = {"name": "loud", "channel": "mix", "ids": []}
    assert heard.say("assist.run", start=5.0, end=10.0, **run)["type"] == "ok"
    done = heard.wait(lambda m: m.get("state") == "done")
    assert (done["name"], done["n"], done["done"], done["total"]) == ("loud", 1, 5.0, 5.0)
    assert widget.annotations["start"].round(2).tolist() == [7.0]
    heard.messages.clear()
    heard.say("assist.run", start=None, end=None, **run)
    assert heard.wait(lambda m: m.get("state") == "done")["n"] == 3
    assert len(widget.annotations) == 3, "the draft of the first run is replaced"
    assert heard.say("assist.cancel", name="loud")["type"] == "ok"
    unknown = heard.say("assist.run", start=None, end=None, **{**run, "name": "evil"})
    assert (unknown["type"], unknown["code"]) == ("error", "bad-value")
    similar = {**run, "name": "find_similar"}
    assert "selected" in heard.say("assist.run", start=None, end=None, **similar)["message"]
    row = widget.annotations.iloc[0]
    heard.messages.clear()
    heard.say("assist.run", start=None, end=None, **{**similar, "ids": [row["id"]]})
    assert heard.wait(lambda m: m.get("state") == "done")["n"] == 2
    widget.assistants.pop("loud")
    assert [one["name"] for one in widget._assistants] == [
        "find_sounds", "find_onsets", "find_similar",
    ]  # fmt: skip
    assert [one["needs"] for one in widget._assistants] == [None, None, "selection"]
    assert all(one["doc"] for one in widget._assistants)


def test_a_view_that_comes_later_hears_what_is_running(widget: SpecWidget) -> None:
    heard = Heard(widget)
    begun, go_on = threading.Event(), threading.Event()

    def slow(y: Samples, sr: float) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    run = widget.assist(slow)
    assert begun.wait(PATIENCE)
    heard.messages.clear()
    heard.say("hello")
    assert [m["state"] for m in heard.of("assist.state")] == ["running"]
    go_on.set()
    run.wait(PATIENCE)
    heard.messages.clear()
    heard.say("hello")
    assert heard.of("assist.state") == []


def test_assistants_are_functions_with_names(widget: SpecWidget) -> None:
    with pytest.raises(ParameterTypeError, match="mine.*no function"):
        widget.assistants["mine"] = 3
    with pytest.raises(ParameterTypeError, match="no name"):
        widget.assistants[""] = loud
    widget.assistants = {"only": loud}
    assert [one["name"] for one in widget._assistants] == ["only"]
    assert widget.assist("only", "recording", wait=True).n == 3


# Sounds ------------------------------------------------------------------------------------------


def test_sounds_are_found_where_they_are_in_any_length() -> None:
    starts = np.arange(3.0, 590.0, 7.3)
    y = beeps(*starts, duration=600.0)
    rows = FindSounds()(y, SR)
    assert [row["start"] for row in rows] == pytest.approx(starts, abs=0.03)
    assert [row["end"] for row in rows] == pytest.approx(starts + 0.3, abs=0.03)
    assert all(row["score"] > 0.7 for row in rows)


def test_only_the_band_counts_if_there_is_one() -> None:
    y = beeps(5.0, duration=10.0)
    assert len(FindSounds(low_freq=2000.0)(y, SR)) == 0
    (row,) = FindSounds(low_freq=800.0, high_freq=1200.0)(y, SR)
    assert (row["low_freq"], row["high_freq"]) == (800.0, 1200.0)


@given(
    above=st.lists(st.floats(-20.0, 40.0), min_size=1, max_size=80),
    on=st.floats(5.0, 20.0),
    hysteresis=st.floats(0.0, 5.0),
    min_length=st.integers(1, 5),
    merge=st.integers(0, 5),
)
def test_loud_stretches(
    above: list[float], on: float, hysteresis: float, min_length: int, merge: int
) -> None:
    level = np.array(above)
    off = on - hysteresis
    found = loud_stretches(level, on, off, min_length=min_length, merge=merge)
    for first, stop in found:
        assert stop - first >= min_length
        assert level[first] >= off
        assert level[stop - 1] >= off
        assert level[first:stop].max() >= on
    for (_, stop), (first, _) in pairwise(found):
        assert first - stop > 0
    covered = np.zeros(len(level), bool)
    for first, stop in found:
        covered[first:stop] = True
    if min_length == 1:
        assert covered[level >= on].all()


def test_the_background_is_followed() -> None:
    level = np.concatenate([np.full(3000, -60.0), np.full(3000, -30.0)])
    floor = noise_floor(level, 1000)
    assert floor[:2000] == pytest.approx(-60.0)
    assert floor[-2000:] == pytest.approx(-30.0)
    assert (np.diff(floor) >= 0).all()


def test_silence_and_what_is_no_number_hold_no_sounds() -> None:
    y = np.zeros(4 * SR, np.float32)
    assert FindSounds()(y, SR) == []
    y[SR] = np.nan
    assert FindSounds()(y, SR) == []
    assert FindOnsets()(np.full(SR, np.nan, np.float32), SR) == []


# Onsets ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["soundscape", "bat_bag", "tones"])
@pytest.mark.parametrize("backtrack", [False, True])
def test_onsets_are_librosas(name: str, backtrack: bool) -> None:
    y, sr = soundfile.read(samples.path(name), dtype="float32", always_2d=True)
    y = np.ascontiguousarray(y[:, 0])
    found = [row["start"] for row in FindOnsets(backtrack=backtrack)(y, sr)]
    wanted = librosa.onset.onset_detect(y=y, sr=sr, units="time", backtrack=backtrack)
    assert found == pytest.approx(wanted.tolist())


def test_onsets_do_not_depend_on_how_the_sound_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    y = beeps(*np.arange(0.5, 59.0, 0.7), duration=60.0)
    whole = FindOnsets()(y, SR)
    assert len(whole) >= 80
    monkeypatch.setattr("specwidget.assist.onsets._FRAMES_AT_A_TIME", 37)
    cut = FindOnsets()(y, SR)
    assert [row["start"] for row in cut] == [row["start"] for row in whole]
    assert [row["score"] for row in cut] == pytest.approx([row["score"] for row in whole])
    strengths = [row["score"] for row in whole]
    assert max(strengths) == pytest.approx(1.0, abs=0.05)
    assert min(strengths) > 0.0


# Similar -----------------------------------------------------------------------------------------


def sweeps(*starts: float, duration: float = 30.0, level: float = 0.3) -> Samples:
    """Rising sweeps of 0.3 s from 1 to 2.5 kHz, in noise."""
    t = np.arange(round(0.3 * SR)) / SR
    y = 0.01 * np.random.default_rng(1).normal(size=round(duration * SR))
    for start in starts:
        first = round(start * SR)
        sweep = np.sin(2 * np.pi * (1000 * t + 2500 * t**2)) * np.hanning(len(t))
        y[first : first + len(t)] += level * sweep
    return y.astype(np.float32)


def test_what_is_alike_is_found_whatever_its_level() -> None:
    starts = [1.0, 4.3, 11.111, 20.5, 29.7]
    y = sweeps(*starts)
    y += sweeps(7.7, 15.2, level=0.03)
    y[18 * SR : 19 * SR] += 0.3 * np.sin(2 * np.pi * 1500 * np.arange(SR) / SR)
    example = Example(y[SR : round(1.3 * SR)], SR, 900.0, 2600.0, "sweep", (1.0, 1.3))
    rows = FindSimilar(example=example)(y, SR)
    wanted = sorted([*starts[1:], 7.7, 15.2])
    assert [row["start"] for row in rows] == pytest.approx(wanted, abs=0.02)
    assert {row["label"] for row in rows} == {"sweep"}
    assert {(row["low_freq"], row["high_freq"]) for row in rows} == {(900.0, 2600.0)}
    assert all(0.5 <= row["score"] <= 1.0 for row in rows)
    strict = FindSimilar(example=example, threshold=0.9)(y, SR)
    assert 0 < len(strict) < len(rows)


def test_an_example_matches_itself_wholly_and_its_reverse_hardly() -> None:
    y = sweeps(5.0, duration=10.0)
    cut = y[5 * SR : round(5.3 * SR)]
    (row,) = FindSimilar(example=Example(cut, SR, 900.0, 2600.0))(y, SR)
    assert row["score"] > 0.95
    assert row["start"] == pytest.approx(5.0, abs=0.01)
    back = FindSimilar(example=Example(cut[::-1].copy(), SR, 900.0, 2600.0), threshold=0.3)(y, SR)
    assert all(row["score"] < 0.6 for row in back)


def test_scores_are_those_of_numpys_correlation() -> None:
    """The fast way, by FFT and running sums, beside each place on its own."""
    from specwidget.assist.similar import _Template

    rng = np.random.default_rng(2)
    cells = rng.normal(size=(7, 90)).astype(np.float32)
    template = _Template.of(cells[:, 30:50])
    clean = np.maximum(cells, 0.0)
    wanted = [
        np.corrcoef(clean[:, 30:50].ravel(), clean[:, at : at + 20].ravel())[0, 1]
        for at in range(71)
    ]
    assert template.scores(cells) == pytest.approx(wanted, abs=1e-6)
    assert template.scores(np.zeros((7, 40), np.float32)) == pytest.approx(0.0)


def test_the_search_does_not_depend_on_how_the_sound_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    y = sweeps(1.0, 4.3, 11.111, 20.5, 29.7)
    find = FindSimilar(example=Example(y[SR : round(1.3 * SR)], SR, 900.0, 2600.0))
    whole = find(y, SR)
    assert len(whole) == 5
    monkeypatch.setattr("specwidget.assist.similar._BLOCK_VALUES", 1)
    cut = find(y, SR)
    assert [row["start"] for row in cut] == [row["start"] for row in whole]
    assert [row["score"] for row in cut] == pytest.approx([row["score"] for row in whole])


def test_the_widget_looks_for_an_annotation_of_its_own() -> None:
    w = SpecWidget(sweeps(1.0, 4.3, 11.0), sr=SR)
    box = w.add(1.0, 1.3, "sweep", low_freq=900, high_freq=2600)
    run = w.find_similar(box).wait(PATIENCE)
    assert run.state == "done"
    found = w.annotations.iloc[1:]
    assert found["start"].round(1).tolist() == [4.3, 11.0]
    assert set(found["label"]) == {"sweep"}
    assert set(found["source"]) == {"find_similar"}
    w.selected = [box]
    assert w.assist("find_similar", "recording", replace=True, wait=True).n == 2
    assert len(w.annotations) == 3
    with pytest.raises(ParameterError, match="no length"):
        w.find_similar(w.add(2.0))
    with pytest.raises(AnnotationError, match="nobody"):
        w.find_similar("nobody")
    w.close()


def test_an_example_too_short_or_of_another_rate_is_refused() -> None:
    y = sweeps(1.0)
    with pytest.raises(ParameterError, match="20 samples"):
        FindSimilar(example=Example(y[:20], SR, 900.0, 2600.0))(y, SR)
    with pytest.raises(ParameterError, match="sr=8000.*sr=16000"):
        FindSimilar(example=Example(y[:4000], SR, 900.0, 2600.0))(y, 16000)
    with pytest.raises(ParameterError, match="nothing to look for"):
        FindSimilar()(y, SR)


# Truth -------------------------------------------------------------------------------------------


def hits(found: pd.DataFrame, truth: pd.DataFrame, shared: float) -> tuple[float, float]:
    """Return precision and recall: one hits another if they share so much of their union."""

    def share(a: Any, b: Any) -> float:
        inter = min(a.end, b.end) - max(a.start, b.start)
        return max(0.0, inter) / (max(a.end, b.end) - min(a.start, b.start))

    found_rows, true_rows = list(found.itertuples()), list(truth.itertuples())
    good = sum(any(share(a, b) >= shared for b in true_rows) for a in found_rows)
    met = sum(any(share(a, b) >= shared for a in found_rows) for b in true_rows)
    return good / max(1, len(found_rows)), met / max(1, len(true_rows))


def test_birds_of_the_sample_recording_are_found_by_their_level() -> None:
    truth = samples.truth("soundscape")
    birds = truth[truth["label"].isin(["whistle", "trill", "chirp"])]
    w = SpecWidget(samples.path("soundscape"))
    find = FindSounds(low_freq=1500.0, high_freq=6000.0, threshold=15.0)
    result = w.assist(find, "recording", wait=True).result
    assert result is not None
    precision, recall = hits(result, birds, 0.4)
    print(f"sounds: precision {precision:.2f}, recall {recall:.2f} of {len(birds)}")
    assert precision >= 0.8
    assert recall >= 0.8
    w.close()


def test_calls_of_the_sample_recording_are_found_by_one_of_them() -> None:
    truth = samples.truth("soundscape")
    w = SpecWidget(samples.path("soundscape"), annotations=truth)
    scores = []
    for label in ("coo", "whistle", "trill", "chirp", "insect"):
        same = truth[truth["label"].eq(label)]
        result = w.find_similar(same["id"].iloc[0], wait=True).result
        assert result is not None
        scores.append(hits(result, same.iloc[1:], 0.4))
        print(f"similar to a {label}: precision {scores[-1][0]:.2f}, recall {scores[-1][1]:.2f}")
    precision, recall = np.mean(scores, axis=0)
    assert precision >= 0.7
    assert recall >= 0.8
    w.close()


def test_real_calls_are_found_by_one_of_them(real_data: Any) -> None:
    folder = real_data / "ann_maad_spinetail"
    lines = (folder / "spinetail.txt").read_text().splitlines()
    rows = []
    for head, band in zip(lines[::2], lines[1::2], strict=True):
        start, end, label = head.split("\t")
        low, high = (float(text) for text in band.split("\t")[1:])
        rows.append((float(start), float(end), label, low, high))
    truth = pd.DataFrame(rows, columns=["start", "end", "label", "low_freq", "high_freq"])
    w = SpecWidget(folder / "spinetail.wav", annotations=truth)
    ids = w.annotations["id"]
    scores = {}
    for label in ("CRER", "SP"):
        same = truth.index[truth["label"].eq(label)]
        of_label = []
        for place in same:
            result = w.find_similar(ids[place], wait=True, name=f"like {place}").result
            assert result is not None
            of_label.append(hits(result, truth.loc[same.drop(place)], 0.4))
        scores[label] = np.mean(of_label, axis=0)
        print(f"similar to a {label}: precision {scores[label][0]:.2f}, "
              f"recall {scores[label][1]:.2f} on average over {len(same)} examples")  # fmt: skip
    assert scores["CRER"][0] >= 0.9
    assert scores["CRER"][1] >= 0.9
    assert scores["SP"][0] >= 0.6
    assert scores["SP"][1] >= 0.4
    w.close()


# Size --------------------------------------------------------------------------------------------


class Endless:
    """Hours of noise with a sweep every ten seconds."""

    sr, n_channels, name, peak = SR, 1, "noise", 1.0

    def __init__(self, hours: float) -> None:
        self.n_samples = round(hours * 3600 * SR)
        self._ten = sweeps(3.0, duration=10.0)

    def read(self, start: int, stop: int) -> Samples:
        start, stop = max(0, start), min(stop, self.n_samples)
        return self._ten[np.arange(start, stop) % len(self._ten)][None]


@pytest.mark.parametrize("find", [FindSounds(), FindSimilar()], ids=["sounds", "similar"])
def test_an_hour_is_looked_through_in_bounded_memory(find: Any) -> None:
    source = Endless(1.0)
    if isinstance(find, FindSimilar):
        y = source.read(3 * SR, round(3.3 * SR))[0]
        find = FindSimilar(example=Example(y, SR, 900.0, 2600.0))
    tracemalloc.start()
    rows = exhausted(find.scan(Sound(source, 0, 0, source.n_samples)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(rows) == 360
    assert peak < 100 << 20
