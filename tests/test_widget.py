"""The widget's public face, without a browser: what it takes, what it gives, what it refuses."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import ipywidgets
import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile

import specwidget
from specwidget import (
    AnnotationError,
    AudioDataError,
    AudioFileError,
    MelSpectrogram,
    ParameterError,
    ParameterTypeError,
    SpecWidget,
    SpecWidgetError,
    Stft,
)

SR = 8000


def tone(seconds: float = 2.0, freq: float = 440.0, sr: int = SR) -> np.ndarray:
    return np.sin(2 * np.pi * freq * np.arange(int(seconds * sr)) / sr).astype(np.float32)


@pytest.fixture
def widget() -> Any:
    made = SpecWidget(tone(), sr=SR, labels=["song", "call"])
    yield made
    made.close()


# What it takes ------------------------------------------------------------------------------------


def test_takes_every_kind_of_audio(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    soundfile.write(path, tone(), SR)
    stereo = np.stack([tone(), tone(freq=880)])
    for audio, sr, channels in [
        (str(path), None, 1),
        (path, None, 1),
        (path.read_bytes(), None, 1),
        (tone(), SR, 1),
        (tone().astype(np.float64), SR, 1),
        ((tone() * 32767).astype(np.int16), SR, 1),
        (stereo, SR, 2),
        ((SR, stereo), None, 2),
    ]:
        w = SpecWidget(audio, sr)
        assert w.sr == SR
        assert w.duration == pytest.approx(2.0)
        assert w.recording.source.n_channels == channels
        w.close()


def test_finds_a_file_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    soundfile.write(tmp_path / "a.wav", tone(), SR)
    monkeypatch.setenv("HOME", str(tmp_path))
    w = SpecWidget("~/a.wav")
    assert w.recording.name == "~/a.wav"
    assert w.duration == pytest.approx(2.0)


def test_names_the_recording_by_its_path_or_as_told(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), SR)
    w = SpecWidget(path)
    w.add(0.1, 0.2)
    assert list(w.annotations["recording"]) == [str(path)]
    named = SpecWidget(path, name="site A")
    named.add(0.1, 0.2)
    assert list(named.annotations["recording"]) == ["site A"]


@pytest.mark.parametrize(
    ("arguments", "error", "builtin", "words"),
    [
        ((tone(),), SpecWidgetError, (ValueError, TypeError), ["sr"]),
        ((np.zeros((3, 2, 100)), SR), AudioDataError, ValueError, ["shape", "3, 2, 100"]),
        ((np.zeros((5000, 2)), SR), AudioDataError, ValueError, ["(5000, 2)", ".T"]),
        ((np.zeros(100, complex), SR), SpecWidgetError, (ValueError, TypeError), ["complex"]),
        ((np.zeros(0), SR), AudioDataError, ValueError, []),
        ((tone(), -1), ParameterError, ValueError, ["sr", "-1"]),
        ((tone(), float("nan")), ParameterError, ValueError, ["sr", "nan"]),
        (("no such file.wav",), AudioFileError, OSError, ["no such file.wav"]),
        ((b"not audio at all",), AudioFileError, OSError, []),
        ((None,), ParameterTypeError, TypeError, ["audio"]),
    ],
)
def test_refuses_what_is_no_audio(
    arguments: tuple[Any, ...], error: type, builtin: Any, words: list[str]
) -> None:
    with pytest.raises(error) as caught:
        SpecWidget(*arguments)
    assert isinstance(caught.value, builtin)
    for word in words:
        assert word in str(caught.value)


def test_refuses_an_unknown_argument_and_says_which_was_meant() -> None:
    with pytest.raises(ParameterTypeError, match="label=.*did you mean labels"):
        SpecWidget(tone(), SR, label=["x"])
    with pytest.raises(TypeError, match="colourmap='magma'.*colormap"):
        SpecWidget(tone(), SR, colourmap="magma")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("transform", "mel", ["transform='mel'", "Stft("]),
        ("transform", Stft, ["transform", "forget"]),
        ("view", (5, 9), ["view", "5", "2 s"]),
        ("view", (1, 0.5), ["view", "empty"]),
        ("view", 3, ["view=3"]),
        ("freq_view", (9000, 9500), ["freq_view", "4000 Hz"]),
        ("db_range", (0, float("nan")), ["db_range", "nan"]),
        ("colormap", "jet", ["colormap='jet'", "viridis"]),
        ("freq_axis", "bark", ["freq_axis='bark'", "mel"]),
        ("channel", 3, ["channel", "3"]),
        ("channel", "left", ["channel='left'"]),
        ("height", 3, ["height", "3"]),
        ("ref", 0, ["ref=0"]),
        ("ref", "loud", ["ref='loud'", "full scale"]),
    ],
)
def test_refuses_settings_that_make_no_sense(
    widget: SpecWidget, name: str, value: Any, words: list[str]
) -> None:
    with pytest.raises(SpecWidgetError) as caught:
        SpecWidget(tone(), SR, **{name: value})
    for word in words:
        assert word in str(caught.value)
    before = getattr(widget, name)
    with pytest.raises(SpecWidgetError):
        setattr(widget, name, value)
    assert getattr(widget, name) == before


def test_view_is_clipped_to_the_recording(widget: SpecWidget) -> None:
    widget.view = (1, 100)
    assert widget.view == (1.0, 2.0)
    widget.view = np.array([0.25, 0.5])
    assert widget.view == (0.25, 0.5)


# Annotations --------------------------------------------------------------------------------------

COLUMNS = (
    "id recording channel tier start end low_freq high_freq label score source status annotator "
    "note created_at updated_at"
).split()


def test_annotations_are_a_data_frame_of_the_documented_columns(widget: SpecWidget) -> None:
    assert list(widget.annotations.columns) == COLUMNS
    widget.add(start=0.5, end=1.0, label="song", low_freq=300, high_freq=600)
    df = widget.annotations
    assert list(df.columns) == COLUMNS
    assert df.loc[0, "high_freq"] == 600
    assert str(df["channel"].dtype) == "Int64"
    assert str(df["created_at"].dtype) == "datetime64[ns, UTC]"
    assert df["status"].cat.categories.tolist() == ["draft", "accepted", "rejected"]


def test_add_update_remove_undo_redo(widget: SpecWidget) -> None:
    first = widget.add(0.1, 0.2, "song")
    second = widget.add(0.5, label="call")
    widget.update(first, label="call", note="faint")
    assert list(widget.annotations["label"]) == ["call", "call"]
    assert widget.annotations.loc[1, "end"] == 0.5
    widget.remove([first, second])
    assert widget.annotations.empty
    widget.undo()
    assert list(widget.annotations["id"]) == [first, second]
    widget.undo()
    assert list(widget.annotations["label"]) == ["song", "call"]
    widget.redo()
    assert list(widget.annotations["note"]) == ["faint", ""]
    widget.remove(first)
    assert list(widget.annotations["id"]) == [second]


def test_assigning_a_data_frame_replaces_the_rows_in_one_step(widget: SpecWidget) -> None:
    widget.add(0.1, 0.2, "song")
    df = widget.annotations
    df.loc[0, "end"] = 0.3
    more = pd.DataFrame({"start": [1.0], "end": [1.5], "label": ["call"], "speaker": ["Ann"]})
    widget.annotations = pd.concat([df, more])
    assert list(widget.annotations["end"]) == [0.3, 1.5]
    assert widget.annotations.loc[1, "speaker"] == "Ann"
    widget.undo()
    assert list(widget.annotations["end"]) == [0.2]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"start": 1.0, "end": 0.5, "label": "song"}, ["1", "0.5"]),
        ({"start": -1.0, "end": 0.5, "label": "song"}, ["-1"]),
        ({"start": np.nan, "end": 0.5, "label": "song"}, ["start", "end"]),
        ({"start": 0.5, "end": 99.0, "label": "song"}, ["99"]),
        ({"start": 0.5, "end": 1.0, "label": "sogn"}, ["sogn", "song"]),
        ({"start": 0.5, "end": 1.0, "label": "song", "low_freq": 900, "high_freq": 100}, ["900"]),
        ({"start": 0.5, "end": 1.0}, ["label"]),
    ],
)
def test_a_row_that_makes_no_sense_is_refused_and_nothing_changed(
    widget: SpecWidget, row: dict[str, Any], words: list[str]
) -> None:
    widget.add(0.1, 0.2, "song")
    before = widget.annotations
    good = {"start": 0.0, "end": 0.1, "label": "call", "low_freq": np.nan, "high_freq": np.nan}
    bad = pd.DataFrame([{name: good[name] for name in good if name in row}, row])
    with pytest.raises(AnnotationError) as caught:
        widget.annotations = bad
    assert isinstance(caught.value, ValueError)
    for word in words:
        assert word in str(caught.value)
    pd.testing.assert_frame_equal(widget.annotations, before)


def test_no_table_at_all_is_refused(widget: SpecWidget) -> None:
    widget.add(0.1, 0.2, "song")
    with pytest.raises(AnnotationError, match="None"):
        widget.annotations = None
    assert len(widget.annotations) == 1


def test_duplicate_ids_are_refused(widget: SpecWidget) -> None:
    rows = pd.DataFrame({"id": ["a", "a"], "start": [0, 1], "end": [1, 2], "label": ["song"] * 2})
    with pytest.raises(AnnotationError, match="a"):
        widget.annotations = rows


def test_without_a_label_set_labels_are_made_as_they_come() -> None:
    w = SpecWidget(tone(), SR)
    w.add(0.1, 0.2, "owl")
    assert [label.name for label in w.labels] == ["owl"]
    assert w._labels[0]["name"] == "owl"
    strict = SpecWidget(tone(), SR, labels=["owl"])
    with pytest.raises(AnnotationError, match="wren"):
        strict.add(0.1, 0.2, "wren")
    strict.labels = ["owl", "wren"]
    strict.add(0.1, 0.2, "wren")
    with pytest.raises(AnnotationError, match="wren"):
        strict.labels = ["owl"]


def test_annotations_given_at_the_start_are_no_step_to_undo() -> None:
    w = SpecWidget(tone(), SR, annotations=[(0.1, 0.2, "song")])
    assert list(w.annotations["label"]) == ["song"]
    with pytest.raises(AnnotationError, match="nothing to undo"):
        w.undo()


def test_changes_are_told(widget: SpecWidget) -> None:
    heard: list[int] = []
    seen: list[int] = []

    def listener(change: Any) -> None:
        heard.append(len(change.ops))

    widget.on_annotations_change(listener)
    widget.observe(lambda change: seen.append(change["new"]), "revision")
    widget.add(0.1, 0.2, "song")
    widget.undo()
    widget.on_annotations_change(listener, remove=True)
    widget.redo()
    assert heard == [1, 1]
    assert seen == [1, 2, 3]
    with pytest.raises(AnnotationError):
        widget.redo()
    assert len(seen) == 3


# Numbers ------------------------------------------------------------------------------------------


def test_spectrogram_is_librosas() -> None:
    y = np.random.default_rng(1).normal(scale=0.1, size=3 * SR).astype(np.float32)
    stft = SpecWidget(y, SR, transform=Stft(n_fft=512, hop_length=100, window="hamming"))
    S = np.abs(librosa.stft(y, n_fft=512, hop_length=100, window="hamming"))
    D = librosa.amplitude_to_db(S, ref=1.0, top_db=None)
    np.testing.assert_allclose(stft.spectrogram(), D, atol=0.01)
    np.testing.assert_allclose(stft.spectrogram(ref=0.5), D - 20 * np.log10(0.5), atol=0.01)
    np.testing.assert_allclose(
        stft.spectrogram(ref="max"),
        librosa.amplitude_to_db(S, ref=np.max, top_db=None),
        atol=0.01,
    )
    mel = SpecWidget(y, SR, transform=MelSpectrogram(n_mels=40, fmin=50))
    M = librosa.feature.melspectrogram(y=y, sr=SR, n_mels=40, fmin=50)
    np.testing.assert_allclose(
        mel.spectrogram(), librosa.power_to_db(M, ref=1.0, top_db=None), atol=0.01
    )
    assert mel.frequencies.shape == (40,)


@pytest.mark.parametrize("hop", [100, 128, 333])
def test_spectrogram_between_times_has_the_frames_centred_there(hop: int) -> None:
    w = SpecWidget(tone(), SR, transform=Stft(n_fft=256, hop_length=hop))
    whole = w.spectrogram()
    times = np.arange(whole.shape[1]) * hop / SR
    rng = np.random.default_rng(hop)
    spans = [tuple(np.sort(rng.uniform(0, 2.2, 2))) for _ in range(50)]
    spans += [(times[3], times[3]), (times[5], times[9]), (0.0, 0.0), (2.0, 2.0)]
    for start, end in spans:
        inside = (times >= start) & (times <= end)
        np.testing.assert_array_equal(w.spectrogram(start, end), whole[:, inside])


def test_several_channels_have_an_axis_of_their_own_unless_one_is_named() -> None:
    y = np.stack([tone(), 0.1 * tone(freq=880)])
    w = SpecWidget(y, SR)
    both = w.spectrogram()
    assert both.ndim == 3 and both.shape[0] == 2
    np.testing.assert_array_equal(w.spectrogram(channel=1), both[1])
    mono = SpecWidget(librosa.to_mono(y), SR).spectrogram()
    np.testing.assert_allclose(w.spectrogram(channel="mix"), mono, atol=0.01)


def test_spectrogram_refuses_times_that_make_no_sense(widget: SpecWidget) -> None:
    for arguments in [{"start": 1.0, "end": 0.5}, {"start": float("nan")}, {"start": -1.0}]:
        with pytest.raises(ParameterError):
            widget.spectrogram(**arguments)
    with pytest.raises(SpecWidgetError, match="channel"):
        widget.spectrogram(channel=7)


def test_clip_is_the_sound_of_an_annotation() -> None:
    y = np.stack([tone(), 0.1 * tone(freq=880)])
    w = SpecWidget(y, SR)
    part, sr = w.clip(w.add(0.5, 1.0, "a"))
    assert sr == SR
    np.testing.assert_array_equal(part, y[:, 4000:8000])
    one, _ = w.clip(w.add(0.5, 1.0, "a", channel=1))
    np.testing.assert_array_equal(one, y[1, 4000:8000])
    whole, _ = w.clip(w.add(label="a"))
    np.testing.assert_array_equal(whole, y)
    point, _ = w.clip(w.add(2.0, label="a"))
    assert point.shape == (2, 1)
    with pytest.raises(AnnotationError, match="nobody"):
        w.clip("nobody")


def test_the_transform_can_be_changed(widget: SpecWidget) -> None:
    epoch = widget._info["epoch"]
    widget.transform = MelSpectrogram(n_mels=32, fmax=3000)
    assert widget._info["epoch"] == epoch + 1
    assert widget._transform["type"] == "MelSpectrogram"
    assert widget.freq_view == (0.0, 3000.0)
    assert widget.spectrogram().shape[0] == 32
    widget.transform = MelSpectrogram(n_mels=32, fmax=3000)
    assert widget._info["epoch"] == epoch + 1
    widget.freq_view = (100, 900)
    widget.transform = Stft()
    assert widget.freq_view == (100.0, 900.0)


def test_a_recording_that_cannot_be_shown_whole_says_so(tmp_path: Path) -> None:
    assert SpecWidget(tone(), SR)._notice is None
    y = tone()
    y[5] = np.nan
    assert "NaN" in SpecWidget(y, SR)._notice["text"]
    path = tmp_path / "cut.flac"
    soundfile.write(path, tone(60), SR)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    w = SpecWidget(path)
    assert w.duration < 60
    assert "cut short" in w._notice["text"] and "60.000 s" in w._notice["text"]


@pytest.mark.parametrize(
    "y",
    [np.zeros(4000), np.full(4000, 2e-5), np.ones(1), np.array([0.1, np.inf, np.nan, 0.2] * 500)],
)
def test_the_range_shown_is_finite_and_silence_is_dark(y: np.ndarray) -> None:
    w = SpecWidget(y, SR)
    low, high = w.db_range
    assert np.isfinite([low, high]).all() and high - low >= 20
    assert low >= -100 - w._ref_db


def test_another_reference_leaves_the_picture_as_bright(widget: SpecWidget) -> None:
    absolute = np.add(widget.db_range, widget._ref_db)
    widget.ref = 1.0
    assert widget._ref_db == 0.0
    np.testing.assert_allclose(np.add(widget.db_range, widget._ref_db), absolute)


# Where no kernel runs -----------------------------------------------------------------------------


def test_a_still_picture_lies_beside_the_widget(widget: SpecWidget) -> None:
    widget.add(0.5, 1.0, "song")
    data, _ = widget._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    png = data["image/png"]
    raw = png if isinstance(png, bytes) else __import__("base64").b64decode(png)
    assert raw.startswith(b"\x89PNG")
    assert len(raw) < 200_000


def test_a_recording_that_has_gone_is_displayed_without_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, tone(), SR)
    w = SpecWidget(path)

    def gone(start: int, stop: int) -> np.ndarray:
        raise AudioFileError("a.wav: has gone")

    w.recording.source.read = gone  # type: ignore[method-assign]
    data, _ = w._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    assert "image/png" not in data


# The front end ------------------------------------------------------------------------------------


class FrontEnd:
    """Stands for the other side: sends messages, and waits for answers."""

    def __init__(self, widget: SpecWidget) -> None:
        self.widget = widget
        self.heard: list[tuple[dict[str, Any], list[Any]]] = []
        self.news = threading.Condition()
        widget.send = self._hear  # type: ignore[method-assign]

    def _hear(self, content: dict[str, Any], buffers: list[Any] | None = None) -> None:
        with self.news:
            self.heard.append((content, buffers or []))
            self.news.notify_all()

    def ask(self, id: str, type: str, **members: Any) -> list[tuple[dict[str, Any], list[Any]]]:
        """Send a request; return all that came for it, the last one terminal."""
        self.widget._handle_custom_msg({"v": 1, "type": type, "id": id, **members}, [])

        def mine() -> list[tuple[dict[str, Any], list[Any]]]:
            return [m for m in self.heard if id in (m[0].get("id"), m[0].get("edit_id"))]

        def done() -> bool:
            return any(m[0].get("last", True) for m in mine())

        with self.news:
            assert self.news.wait_for(done, timeout=30), f"{type} was not answered"
        return mine()


@pytest.fixture
def front(widget: SpecWidget) -> FrontEnd:
    return FrontEnd(widget)


def test_edits_of_the_front_end_reach_the_data_frame(front: FrontEnd) -> None:
    row = {"id": "r1", "start": 0.5, "end": 1.0, "low_freq": 100, "high_freq": 200, "label": "song"}
    [(patch, _)] = front.ask("p-1", "edit", base_rev=0, ops=[{"op": "add", "row": row}])
    assert patch["type"] == "annotations.patch" and patch["rev"] == 1
    df = front.widget.annotations
    assert df.loc[0, ["id", "label", "source"]].tolist() == ["r1", "song", "manual"]
    [(undone, _)] = front.ask("p-2", "history", action="undo", of="p-1")
    assert undone["ops"] == [{"op": "remove", "id": "r1"}]
    [(refused, _)] = front.ask("p-3", "history", action="undo", of=None)
    assert refused["type"] == "edit.reject" and "undo" in refused["reason"]


def test_a_bad_edit_is_rejected_with_its_reason(front: FrontEnd) -> None:
    ops = [{"op": "add", "row": {"id": "x", "start": 5.0, "end": 9.0, "label": "song"}}]
    [(answer, _)] = front.ask("p-1", "edit", base_rev=0, ops=ops)
    assert answer["type"] == "edit.reject"
    assert "9" in answer["reason"]
    assert front.widget.annotations.empty


def test_taking_back_what_was_refused_takes_nothing_else_back(front: FrontEnd) -> None:
    front.widget.add(0.1, 0.2, "song")
    for start in (99.0, "soon"):
        bad = {"op": "add", "row": {"id": "x", "start": start, "end": 9.0, "label": "song"}}
        [(answer, _)] = front.ask(f"e-{start}", "edit", base_rev=1, ops=[bad])
        assert answer["type"] == "edit.reject"
    for step, (action, of) in enumerate(
        [("undo", "e-99.0"), ("redo", "s-0"), ("undo", "e-soon"), ("undo", "s-1")]
    ):
        [(answer, _)] = front.ask(f"s-{step}", "history", action=action, of=of)
        assert (answer["type"], answer["ops"], answer["rev"]) == ("annotations.patch", [], 1)
        assert answer["undo"] == "add song"
    assert len(front.widget.annotations) == 1
    [(answer, _)] = front.ask("s-9", "history", action="undo", of="another")
    assert answer["rev"] == 2


def test_a_ping_is_answered_at_once(front: FrontEnd) -> None:
    assert front.ask("p-1", "ping") == [({"v": 1, "type": "ok", "id": "p-1"}, [])]


def test_tiles_are_sent_and_a_stale_epoch_gets_none(front: FrontEnd) -> None:
    keys = [["spec/0", 0, 0], ["wave/0", 0, 0]]
    answers = front.ask("p-1", "tiles.get", epoch=0, keys=keys)
    tiles = [t for message, _ in answers for t in message["tiles"]]
    buffers = [b for _, bs in answers for b in bs]
    # Two threads are at it: what is ready first comes first.
    sent = {(t["layer"], t["level"]): (t, b) for t, b in zip(tiles, buffers, strict=True)}
    assert set(sent) == {("spec/0", 0), ("wave/0", 0)} and len(tiles) == 2
    tile, buffer = sent["spec/0", 0]
    assert len(buffer) == front.widget._info["spectrogram"]["n_bins"] * tile["columns"]
    front.widget.transform = MelSpectrogram()
    [(stale, _)] = front.ask("p-2", "tiles.get", epoch=0, keys=keys)
    assert stale["tiles"] == [] and stale["last"]


def test_sound_is_the_recordings_own(front: FrontEnd) -> None:
    [(answer, [sound])] = front.ask("p-1", "audio.get", start=100, stop=300, channel="all")
    assert answer["n_channels"] == 1
    heard = np.frombuffer(sound, "<i2") / 32768
    np.testing.assert_allclose(heard, tone()[100:300], atol=1 / 32768)


def test_the_exact_value_under_the_cursor(front: FrontEnd) -> None:
    [(value, _)] = front.ask("p-1", "value.get", epoch=0, channel=0, time=1.0, freq=440.0)
    whole = front.widget.spectrogram()
    assert value["db"] == pytest.approx(float(whole[value["bin"], value["frame"]]), abs=1e-3)
    assert value["amplitude"] == pytest.approx(float(tone()[8000]), abs=1e-6)


def test_the_settings_of_the_front_end_change_the_transform(front: FrontEnd) -> None:
    [(ok, _)] = front.ask("p-1", "transform.set", transform={"type": "Stft", "n_fft": 512})
    assert ok["type"] == "ok"
    assert front.widget.transform == Stft(n_fft=512)
    [(error, _)] = front.ask("p-2", "transform.set", transform={"type": "Stft", "n_fft": -1})
    assert error["type"] == "error" and "n_fft" in error["message"]
    assert front.widget.transform == Stft(n_fft=512)


@pytest.mark.parametrize(
    "content",
    [None, 3, [], {}, {"v": 1}, {"v": 9, "type": "hello", "id": "a"}, {"v": 1, "type": "rm -rf"}],
)
def test_a_message_that_is_none_is_answered_by_an_error(front: FrontEnd, content: Any) -> None:
    front.widget._handle_custom_msg(content, [])
    [(answer, _)] = front.heard
    assert answer["type"] == "error"


def test_an_exception_in_a_handler_is_still_an_answer(
    front: FrontEnd, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("disk on fire")

    monkeypatch.setattr(front.widget._table, "apply", broken)
    ops = [{"op": "remove", "id": "x"}]
    [(answer, _)] = front.ask("p-1", "edit", base_rev=0, ops=ops)
    assert answer["type"] == "edit.reject" and "disk on fire" in answer["reason"]
    monkeypatch.setattr(type(front.widget._recording), "sound", broken)
    [(answer, _)] = front.ask("p-2", "audio.get", start=0, stop=10, channel=0)
    assert answer["type"] == "error" and answer["code"] == "internal"
    assert "disk on fire" in caplog.text


def test_the_front_end_writes_only_what_is_shared(widget: SpecWidget) -> None:
    widget.set_state({"view": [0.5, 1.0], "_info": {}, "revision": 99, "selected": ["a"]})
    assert widget.view == (0.5, 1.0)
    assert widget._info["sr"] == SR
    assert widget.revision == 0
    assert widget.selected == ["a"]


def test_what_the_front_end_writes_is_checked_and_put_right(widget: SpecWidget) -> None:
    sent: list[Any] = []
    widget.send_state = lambda key=None: sent.append(key)  # type: ignore[method-assign]
    widget.set_state({"view": ["x", None]})
    assert widget.view == (0.0, 2.0)
    assert sent and "view" in sent[-1]


def test_users_own_message_callbacks_are_called(widget: SpecWidget) -> None:
    heard: list[Any] = []
    widget.on_msg(lambda _, content, __: heard.append(content))
    widget._handle_custom_msg({"v": 1, "type": "hello", "id": "a"}, [])
    assert len(heard) == 1


def test_widgets_link() -> None:
    a, b = SpecWidget(tone(), SR), SpecWidget(tone(), SR)
    link = ipywidgets.link((a, "view"), (b, "view"))
    a.view = (0.5, 1.5)
    assert b.view == (0.5, 1.5)
    link.unlink()


def test_every_public_name_is_there() -> None:
    for name in specwidget.__all__:
        assert hasattr(specwidget, name)
