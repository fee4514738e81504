"""The sample recordings are small, made by their generator, and hold what is said of them."""

from __future__ import annotations

from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile
from numpy.typing import NDArray

import specwidget.samples as samples
from specwidget.errors import ParameterError
from specwidget.samples import make, soundscape

FOLDER = Path(samples.__file__).parent


def sound(name: str) -> tuple[NDArray[np.float64], int]:
    """The samples [shape=(n_channels, n)] and their rate."""
    y, sr = soundfile.read(samples.path(name), always_2d=True)
    return y.T, sr


def test_together_they_stay_under_500_kilobytes() -> None:
    files = [*FOLDER.glob("*.flac"), *FOLDER.glob("*.csv"), FOLDER / "SOURCES.txt"]
    assert len(files) == 2 * len(samples.names()) + 1
    assert sum(file.stat().st_size for file in files) < 500_000


@pytest.fixture(scope="module")
def made() -> dict[str, make.Recording]:
    return {recording.name: recording for recording in make.recordings()}


@pytest.mark.parametrize("name", samples.names())
def test_files_are_what_the_generator_makes(
    name: str, made: dict[str, make.Recording], tmp_path: Path
) -> None:
    recording = made[name]
    stored, sr = soundfile.read(samples.path(recording.name), dtype="int16", always_2d=True)
    assert sr == recording.sr
    assert stored.T.shape == recording.y.shape
    assert np.abs(recording.y).max() < 0.95
    assert np.abs(stored.T - recording.y * 32768.0).max() <= 1.0
    truth = tmp_path / "truth.csv"
    make.table(recording).to_csv(truth, index=False, lineterminator="\n")
    assert truth.read_bytes() == samples.path(recording.name).with_suffix(".csv").read_bytes()


def test_the_generator_writes_files_that_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "recordings", lambda: iter([make.plain_tones()]))
    audio, truth = make.write(tmp_path)
    assert soundfile.info(audio).channels == 2
    assert len(pd.read_csv(truth)) == 7


@pytest.mark.parametrize("name", samples.names())
def test_truth_lies_within_the_recording(name: str) -> None:
    y, sr = sound(name)
    table = samples.truth(name)
    assert table["id"].is_unique
    assert (table["recording"] == str(samples.path(name))).all()
    assert (table["start"] >= 0).all()
    assert (table["end"] > table["start"]).all()
    assert (table["end"] <= y.shape[1] / sr).all()
    boxes = table.dropna(subset=["low_freq", "high_freq"])
    assert (boxes["low_freq"] >= 0).all()
    assert (boxes["high_freq"] > boxes["low_freq"]).all()
    assert (boxes["high_freq"] <= sr / 2).all()


def test_truth_has_the_columns_of_an_annotation_table() -> None:
    table = samples.truth("tones")
    assert list(table.columns) == [
        *("id", "recording", "channel", "tier", "start", "end", "low_freq", "high_freq", "label"),
        *("score", "source", "status", "annotator", "note", "created_at", "updated_at"),
    ]
    assert table["channel"].dtype == "Int64"
    assert table["channel"].isna().sum() == 3
    assert table["start"].dtype == "float64"
    assert table["score"].dtype == "float64"
    assert list(table["status"].cat.categories) == ["draft", "accepted", "rejected"]
    assert str(table["created_at"].dtype) == "datetime64[ns, UTC]"
    assert set(table["note"]) == {""}


def test_truth_is_a_fresh_table_each_time() -> None:
    table = samples.truth("tones")
    table.loc[0, "label"] = "changed"
    assert samples.truth("tones").loc[0, "label"] == "A4"


@pytest.mark.parametrize("function", [samples.path, samples.truth, samples.describe])
@pytest.mark.parametrize("name", ["", "../make", "Soundscape"])
def test_an_unknown_name_is_answered_with_those_there_are(function: object, name: str) -> None:
    assert callable(function)
    with pytest.raises(ParameterError, match="bat_bag, soundscape, tones") as raised:
        function(name)
    assert repr(name) in str(raised.value)


def test_nearly_all_energy_of_every_event_lies_in_its_box() -> None:
    for event in soundscape.events():
        if np.isnan(event.low_freq):
            continue
        power = np.abs(np.fft.rfft(event.y)) ** 2
        hz = np.fft.rfftfreq(event.y.size, 1 / soundscape.SR)
        inside = power[(hz >= event.low_freq) & (hz <= event.high_freq)].sum()
        assert inside > 0.99 * power.sum(), event.label


def test_every_box_of_the_soundscape_holds_more_than_its_surroundings() -> None:
    y, sr = sound("soundscape")
    hop = 256
    power = np.abs(librosa.stft(y[0], n_fft=1024, hop_length=hop)) ** 2
    hz = librosa.fft_frequencies(sr=sr, n_fft=1024)
    seconds = np.arange(power.shape[1]) * hop / sr
    for row in samples.truth("soundscape").itertuples():
        full = np.isnan(row.low_freq)
        low, high = (3000.0, 10000.0) if full else (row.low_freq, row.high_freq)
        band = power[(hz >= low) & (hz <= high)].mean(axis=0)
        inside = band[(seconds >= row.start) & (seconds <= row.end)].mean()
        near = (seconds > row.start - 0.6) & (seconds < row.end + 0.6)
        outside = np.median(band[near & ((seconds < row.start - 0.1) | (seconds > row.end + 0.3))])
        assert inside > 2 * outside, row


def formants(y: NDArray[np.float64], sr: float, at: float, top: float) -> NDArray[np.float64]:
    """The lowest formants around `at`, by linear prediction of what lies below `top` Hz."""
    low = librosa.resample(y, orig_sr=sr, target_sr=2 * top)
    n = round(0.025 * 2 * top)
    start = round(at * 2 * top) - n // 2
    frame = (low[start : start + n] - 0.95 * low[start - 1 : start + n - 1]) * np.hamming(n)
    roots = np.roots(librosa.lpc(frame, order=10))
    roots = roots[roots.imag > 0.01]
    hz = np.angle(roots) * top / np.pi
    width = -np.log(np.abs(roots)) * 2 * top / np.pi
    return np.sort(hz[(width < 600) & (hz > 150)])


@pytest.mark.parametrize(("voice", "tract", "top"), [(0, 1.0, 5000.0), (1, 1.14, 5600.0)])
def test_second_and_third_formant_meet_in_bag_and_not_in_bat(
    voice: int, tract: float, top: float
) -> None:
    y, sr = sound("bat_bag")
    table = samples.truth("bat_bag")
    vowels = table[table["label"] == "æ"].iloc[2 * voice : 2 * voice + 2]
    gaps = {}
    for word, vowel in zip(("bat", "bag"), vowels.itertuples(), strict=True):
        f1, f2, f3 = formants(y[0], sr, vowel.start + 0.09, top)[:3] / tract
        assert f1 == pytest.approx(685, abs=35)
        assert f2 == pytest.approx(1660, abs=50)
        assert f3 == pytest.approx(2440, abs=60)
        middle = f3 - f2
        f1, f2, f3 = formants(y[0], sr, vowel.end - 0.01, top)[:3] / tract
        assert f1 < 460
        gaps[word] = (middle, f3 - f2)
    assert gaps["bat"][1] > 0.95 * gaps["bat"][0]
    assert gaps["bag"][1] < 0.35 * gaps["bag"][0]


def test_the_closure_is_silent_in_bat_and_voiced_in_bag() -> None:
    y, sr = sound("bat_bag")
    table = samples.truth("bat_bag").set_index("label")

    def level(label: str) -> float:
        closing = table.loc[[label], "start"].iloc[0]
        piece = y[0, round((closing + 0.02) * sr) : round((closing + 0.06) * sr)]
        return float(20 * np.log10(np.sqrt(np.mean(piece**2))))

    assert level("t") < -65
    assert level("g") > -45


def test_the_tones_are_where_and_what_they_are_said_to_be() -> None:
    y, sr = sound("tones")
    for row in samples.truth("tones").itertuples():
        piece = y[:, round(row.start * sr) : max(round(row.end * sr), round(row.start * sr) + 1)]
        heard = np.abs(piece).max(axis=1) > 0.01
        if pd.isna(row.channel):
            assert heard.all()
        else:
            assert heard[row.channel]
        if row.label in ("A4", "A5"):
            spectrum = np.abs(np.fft.rfft(piece[row.channel]))
            hz = np.fft.rfftfreq(piece.shape[1], 1 / sr)[spectrum.argmax()]
            assert hz == pytest.approx({"A4": 440, "A5": 880}[row.label], abs=1)
    assert not y[:, : round(0.2 * sr)].any()


def test_each_is_described() -> None:
    assert all(len(samples.describe(name)) > 20 for name in samples.names())
