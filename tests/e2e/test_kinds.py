"""Pictures of every kind on screen: the rows where they belong, in the colours of their values."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from harness import Lab
from places import places, rest, wait_until_drawn
from playwright.sync_api import expect

SETUP = """
import librosa
import numpy as np
from specwidget import *

sr = 8000
rng = np.random.default_rng(0)
t = np.arange(4 * sr) / sr
y = (rng.normal(0, 0.002, t.size) + 0.5 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)
y[3 * sr] = 5.0

def mel(y, sr):
    S = librosa.feature.melspectrogram(y=y, sr=sr, n_mels=16, n_fft=512, hop_length=400)
    return librosa.power_to_db(S, ref=1.0, top_db=None)

def picky(y, sr):
    if np.abs(y).max() > 2:
        raise ValueError("too loud for me")
    return mel(y, sr)

walk = np.cumsum(rng.normal(size=(6, 1 + y.size // 400)), axis=1)
w = SpecWidget(y, sr)
"""


@pytest.fixture
def opened(lab: Lab) -> Lab:
    lab.open(SETUP, "w")
    wait_until_drawn(lab)
    return lab


KINDS = {
    "Cqt(fmin=110, n_bins=48, hop_length=400)": "dBFS",
    "Reassigned(n_fft=128, hop_length=400)": "dBFS",
    "Pcen(n_mels=24, hop_length=400)": "PCEN ",
    "Mfcc(hop_length=400)": "coefficient 9: ",
    "Chroma(hop_length=400)": "pitch class A: 1",
    "Frames(walk, hop_length=400)": "row 2: ",
    "FromFunction(mel, hop_length=400, halo=256)": "row 2: ",
}


def test_a_cell_has_the_colour_of_its_value(opened: Lab) -> None:
    for transform, said in KINDS.items():
        opened.run(f"w.transform = {transform}; w.view = (0.5, 1.5)", timeout=60)
        wait_until_drawn(opened)
        rest(opened)
        check_cells(opened)
        at = places(opened)
        row = {"coefficient 9: ": 9.5, "pitch class A: 1": 9.5, "row 2: ": 2.5}.get(said, 440.0)
        x, y = at.on_spec(1.0, row)
        box = at.stage.bounding_box()
        assert box
        opened.page.mouse.move(box["x"] + x, box["y"] + y)
        expect(opened.widget.locator(".sw-reading")).to_contain_text(said)
        opened.page.mouse.move(0, 0)


def check_cells(lab: Lab) -> None:
    """Are the pixels in the middles of cells of the colours of their values?"""
    at = places(lab)
    values = np.array(lab.get("w.spectrogram(start=0.5, end=1.5).tolist()"))
    low, high = lab.get("[value + w._ref_db for value in w.db_range]")
    centres = lab.get("w.frequencies.tolist()")
    drawn = lab.get("w._info['spectrogram']['range_db']")
    # A tile's bytes are 256 steps of what may be a wider range than that of the colours.
    step = (drawn[1] - drawn[0]) / 255
    pixels = lab.pixels(lab.widget.locator(".sw-picture")).astype(int)
    table = np.array(matplotlib.colormaps["magma"](np.arange(256), bytes=True))[:, :3].astype(int)
    checked = wrong = 0
    for column in range(1, values.shape[1] - 1, 3):
        for row, centre in enumerate(centres):
            x, y = round(at.x(0.5 + column * 400 / 8000)), round(at.y(centre))
            if not at.spec()[0] + 2 < y < at.spec()[1] - 2:
                continue
            around = values[max(0, row - 1) : row + 2, column - 1 : column + 2]
            near = np.array([around.min() - step, around.max() + step])
            ends = np.clip((near - low) / (high - low), 0, 1) * 255
            shades = table[int(ends[0]) : int(np.ceil(ends[1])) + 1]
            checked += 1
            wrong += np.abs(shades - pixels[y, x, :3]).sum(axis=1).min() > 6
    assert checked > 20
    assert wrong <= 0.01 * checked


def test_a_function_that_fails_is_named_with_its_own_words(opened: Lab) -> None:
    opened.run(
        "w.transform = FromFunction(picky, hop_length=400, halo=256, limits=(-60, 40));"
        "w.view = (2.9, 3.1)",
        timeout=60,
    )
    state = opened.widget.locator(".sw-state")
    expect(state).to_contain_text("picky() failed: ValueError: too loud for me")
    opened.run("w.transform = Stft()")
    wait_until_drawn(opened)
