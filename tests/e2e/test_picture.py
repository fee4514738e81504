"""What is on screen: librosa's numbers, in the colours asked for, at once after every setting."""

from __future__ import annotations

import re

import librosa
import matplotlib
import numpy as np
import pytest
from harness import Lab
from places import Places, places, rest, wait_until_drawn
from playwright.sync_api import expect

SETUP = """
import numpy as np
from specwidget import MelSpectrogram, SpecWidget, Stft

sr = 8000
rng = np.random.default_rng(0)
t = np.arange(4 * sr) / sr
y = (rng.normal(0, 0.002, t.size) + 0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
y[2 * sr] += 0.5
w = SpecWidget(y, sr, db_range=(-90, 0))
"""
SR = 8000


def signal() -> np.ndarray:
    scope: dict[str, np.ndarray] = {}
    exec(SETUP.partition("w = ")[0].replace("from specwidget", "#"), scope)
    return scope["y"]


@pytest.fixture
def opened(lab: Lab) -> Lab:
    lab.open(SETUP, "w")
    wait_until_drawn(lab)
    return lab


def picture(lab: Lab, at: Places) -> np.ndarray:
    """The pixels of the spectrogram [shape=(height, width, 3)]."""
    top, bottom = at.spec()
    left, right = at.plot
    pixels = lab.pixels(lab.widget.locator(".sw-picture"))
    return pixels[round(top) : round(bottom), round(left) : round(right), :3]


def colours(db: np.ndarray, name: str, low: float, high: float) -> np.ndarray:
    share = np.clip((db - low) / (high - low), 0, 1)
    return np.array(matplotlib.colormaps[name](share, bytes=True))[..., :3]


@pytest.mark.parametrize(
    "transform", ["Stft(n_fft=512, hop_length=80)", "MelSpectrogram(n_mels=40)"]
)
def test_pixels_are_librosas_numbers(opened: Lab, transform: str) -> None:
    opened.run(f"w.transform = {transform}; w.freq_axis = 'linear'; w.view = (1.0, 1.5)")
    wait_until_drawn(opened)
    rest(opened)
    at = places(opened)
    shown = picture(opened, at).astype(int)
    y = signal()
    if "Mel" in transform:
        power = librosa.feature.melspectrogram(y=y, sr=SR, n_mels=40)
        db = librosa.power_to_db(power, ref=1.0, top_db=None)
        hz, hop = librosa.mel_frequencies(42, fmin=0, fmax=SR / 2)[1:-1], 512
    else:
        magnitude = np.abs(librosa.stft(y, n_fft=512, hop_length=80))
        db = librosa.amplitude_to_db(magnitude, ref=1.0, top_db=None)
        hz, hop = librosa.fft_frequencies(sr=SR, n_fft=512), 80
    db = db - opened.get("w._ref_db")
    info = opened.get("w._info['spectrogram']['range_db']")
    step = (info[1] - info[0]) / 255
    left, _ = at.plot
    wrong = 0
    checked = 0
    top, bottom = at.spec()
    for frame in range(int(1.05 * SR / hop), int(1.45 * SR / hop)):
        column = int(at.x(frame * hop / SR) - left)
        for b in range(2, len(hz) - 2):
            row = int(at.y(hz[b]) - top)
            # Where several bins share a pixel, the loudest is shown.
            f0, f1 = at.band
            half = (f1 - f0) / (bottom - top) / 2
            near = np.abs(hz - hz[b]) <= half * 2.2
            near[b] = True
            expected = [
                colours(np.array(db[k, frame] + shift), "magma", -90, 0)
                for k in np.flatnonzero(near)
                for shift in (-step, -step / 2, 0, step / 2, step)
            ]
            pixel = shown[row, column]
            checked += 1
            wrong += min(np.abs(pixel - e.astype(int)).max() for e in expected) > 6
    assert checked > 200
    assert wrong <= 0.01 * checked


def test_a_narrow_tone_and_a_single_click_are_seen_in_the_whole(opened: Lab) -> None:
    at = places(opened)
    bright = picture(opened, at).astype(int).sum(axis=2)
    left, _ = at.plot
    top, _ = at.spec()
    row = int(at.y(440) - top)
    assert bright[row - 2 : row + 3].max(axis=0).mean() > 1.5 * bright[row - 30].mean()
    column = int(at.x(2) - left)
    assert bright[:100, column - 4 : column + 5].max(axis=1).mean() > 1.2 * bright[:100].mean()


def changed(lab: Lab, action: str) -> float:
    """The share of the picture's pixels that an action in the kernel changes."""
    at = places(lab)
    before = picture(lab, at)
    lab.run(action)
    rest(lab)
    wait_until_drawn(lab)
    after = picture(lab, places(lab))
    return float((before != after).any(axis=2).mean())


def test_every_setting_is_seen_at_once_from_python(opened: Lab) -> None:
    for action in [
        "w.colormap = 'viridis_r'",
        "w.db_range = (-120, -20)",
        "w.freq_axis = 'log'",
        "w.freq_axis = 'mel'",
        "w.freq_view = (200, 2000)",
        "w.transform = MelSpectrogram(n_mels=80)",
        "w.transform = Stft(n_fft=256, window='blackman')",
        "w.view = (1, 2)",
    ]:
        assert changed(opened, action) > 0.15, action
    # The names of the decibels change, not the picture.
    assert changed(opened, "w.ref = 1.0") < 0.01
    height = places(opened).height
    opened.run("w.height = 500")
    rest(opened)
    assert places(opened).height == 500 > height


def test_every_setting_of_the_panel_reaches_python_and_the_picture(opened: Lab) -> None:
    opened.widget.get_by_role("button", name="Settings").click()
    panel = opened.widget.locator(".sw-settings")

    def choose(name: str, value: str) -> None:
        before = picture(opened, places(opened))
        field = panel.locator(f"[name={name}]")
        if field.evaluate("(f) => f.tagName") == "SELECT":
            field.select_option(value)
        else:
            field.fill(value)
            field.press("Enter")
        rest(opened)
        assert (before != picture(opened, places(opened))).any(), name

    choose("n_fft", "512")
    opened.until("w.transform == Stft(n_fft=512, hop_length=128)")
    choose("hop_length", "64")
    choose("window", "boxcar")
    opened.until("w.transform == Stft(n_fft=512, hop_length=64, window='boxcar')")
    choose("type", "MelSpectrogram")
    choose("n_mels", "50")
    choose("fmax", "3000")
    opened.until("isinstance(w.transform, MelSpectrogram) and w.transform.n_mels == 50")
    opened.until("w.transform.fmax == 3000 and w.freq_view == (0, 3000)")
    choose("axis", "log")
    choose("colormap", "gray_r")
    choose("lo", "-70")
    choose("hi", "-30")
    opened.until("(w.freq_axis, w.colormap, w.db_range) == ('log', 'gray_r', (-70.0, -30.0))")
    # What is refused is said, and the field goes back.
    before = opened.get("w.transform.to_json()")
    panel.locator("[name=n_mels]").fill("0")
    panel.locator("[name=n_mels]").press("Enter")
    expect(panel.locator(".sw-problem")).to_contain_text("n_mels")
    assert opened.get("w.transform.to_json()") == before


def test_the_colour_bar_is_dragged_and_reset(opened: Lab) -> None:
    at = places(opened)
    bar = at.width - 58 + 15
    top, bottom = at.spec()
    opened.drag(at.stage, (bar, top + 20), (bar, top + 60))
    opened.until("w.db_range[1] != 0 and w.db_range[0] == -90")
    opened.drag(at.stage, (bar, bottom - 20), (bar, bottom - 60))
    opened.until("w.db_range[0] != -90")
    assert opened.get("w.db_range[0] < w.db_range[1]")
    box = at.stage.bounding_box()
    assert box
    opened.page.mouse.dblclick(box["x"] + bar, box["y"] + top + 40)
    opened.until("np.allclose(w.db_range, w.recording.good_range('full scale'))")


def test_the_status_line_reads_off_the_exact_numbers(opened: Lab) -> None:
    at = places(opened)
    box = at.stage.bounding_box()
    assert box
    x, y = at.on_spec(1.0, 440)
    opened.page.mouse.move(box["x"] + x, box["y"] + y)
    reading = opened.widget.locator(".sw-reading")
    expect(reading).to_have_text(re.compile(r"(?<!≈ )−?\d+\.\d dBFS$"))
    text = reading.inner_text()
    words = re.fullmatch(
        r"([\d.]+) s · sample (\d+) · (\d+) Hz \((A4|G♯4|A♯4) [−+]\d+¢\) · (−?\d+\.\d) dBFS", text
    )
    assert words, text
    assert float(words[1]) == pytest.approx(1.0, abs=1 / at.second)
    assert int(words[2]) == pytest.approx(8000, abs=8000 / at.second)
    db = np.abs(librosa.stft(signal()))
    exact = librosa.amplitude_to_db(db, ref=1.0, top_db=None) - opened.get("w._ref_db")
    frame = round(float(words[1]) * SR / 512)
    near = exact[round(float(words[3]) * 2048 / SR) - 1 :][:3, frame - 1 : frame + 2]
    assert near.min() - 0.1 <= float(words[5].replace("−", "-")) <= near.max() + 0.1
    # What lies under a still pointer changes with the window.
    opened.run("w.view = (2.0, 4.0)")
    expect(reading).to_contain_text(f"{2 + 2 * float(words[1]) / 4:.2f}"[:3])
    opened.run("w.view = (0.0, 4.0)")
    expect(reading).to_have_text(text)
    # On the waveform: the sample's amplitude.
    opened.page.mouse.move(box["x"] + x, box["y"] + at.on_wave(1.0)[1])
    expect(reading).to_have_text(re.compile(r"amplitude −?0\.\d{4}$"))
    opened.page.mouse.move(0, 0)
    expect(reading).to_have_text("")
