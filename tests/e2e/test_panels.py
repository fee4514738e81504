"""Lines and layers over the same time, assistants and their drafts, and the spectrum panel."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from harness import Lab
from places import Places, places, rest, wait_until_drawn
from playwright.sync_api import expect

SETUP = """
import numpy as np
from specwidget import SpecWidget

sr = 8000
t = np.arange(8 * sr) / sr
y = 0.02 * np.random.default_rng(0).normal(size=t.size)
for at in (1.0, 3.0, 5.0):
    y += np.where((t >= at) & (t < at + 1), 0.5 * np.sin(2 * np.pi * 1000 * t), 0)
w = SpecWidget(y.astype(np.float32), sr, labels=["tone", "other"], freq_axis="linear")
"""


@pytest.fixture
def opened(lab: Lab) -> Lab:
    lab.open(SETUP, "w")
    wait_until_drawn(lab)
    return lab


def layer(lab: Lab, name: str) -> np.ndarray:
    """The pixels of one canvas of the stage [shape=(height, width, 4)]."""
    return lab.pixels(lab.widget.locator(f".sw-{name}")).astype(int)


def is_near(pixels: np.ndarray, color: str, slack: int = 24) -> np.ndarray:
    """Where pixels have about a colour "#rrggbb"."""
    wanted = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    return (np.abs(pixels[..., :3] - wanted).max(axis=-1) <= slack) & (pixels[..., 3] > 200)


def height_of_line(lab: Lab, at: Places, time: float, color: str) -> float | None:
    """Where a line lies at a time: 0 at the bottom of the spectrogram, 1 at its top."""
    top, bottom = at.spec()
    x = round(at.x(time))
    column = layer(lab, "marks")[round(top) : round(bottom), x - 1 : x + 2]
    rows = np.flatnonzero(is_near(column, color).any(axis=1))
    return None if rows.size == 0 else float(1 - rows.mean() / (bottom - top))


def wait_for_line(lab: Lab, time: float, color: str, height: float | None) -> None:
    """Wait until a line lies at a height: the kernel makes what is drawn beside its other work."""
    for _ in range(200):
        found = height_of_line(lab, places(lab), time, color)
        if found == (None if height is None else pytest.approx(height, abs=0.03)):
            return
        lab.page.wait_for_timeout(50)
    raise AssertionError(f"at {time} s the line is at {found}, not at {height}")


def test_lines_are_drawn_where_their_values_are(opened: Lab) -> None:
    opened.run("""
times = np.arange(0, 8, 0.01)
ramp = times / 8
ramp[(times > 4) & (times < 5)] = np.nan
w.overlay("ramp", times, ramp, limits=(0, 1), color="#00ff00", unit="V")
w.overlay("pitch", [0, 8], [1000, 1000], axis="frequency", color="#0000ff")
""")
    for time in (3.0, 3.6, 5.4, 6.4):
        wait_for_line(opened, time, "#00ff00", time / 8)
    wait_for_line(opened, 4.5, "#00ff00", None)
    wait_for_line(opened, 4.5, "#0000ff", 1000 / 4000)
    # Zoomed and moved, the line is where the time is.
    opened.run("w.view = (5.0, 6.0)")
    wait_for_line(opened, 5.4, "#00ff00", 5.4 / 8)
    opened.run("w.overlay('ramp', times, 0 * times + 0.6, limits=(0, 1), color='#00ff00')")
    wait_for_line(opened, 5.4, "#00ff00", 0.6)
    opened.run("w.remove_overlay('ramp'); w.remove_overlay('pitch')")
    wait_for_line(opened, 5.4, "#00ff00", None)


def test_a_function_is_drawn_of_what_is_seen(opened: Lab) -> None:
    opened.run("""
def level(y, sr):
    return np.abs(np.resize(y, (len(y) // 512 + 1, 512))).max(axis=1)

w.overlay("level", level, limits=(0, 1), color="#00ff00")
""")
    wait_for_line(opened, 3.5, "#00ff00", 0.55)
    # Where it is quiet, the line is low, and the highest of the noise.
    wait_for_line(opened, 4.5, "#00ff00", 0.07)


def test_a_matrix_is_a_pane_below_the_spectrogram(opened: Lab) -> None:
    opened.run("""
rows = np.zeros((4, 80), np.float32)
rows[0, 10:20] = rows[3, 50:60] = 1.0
w.layer("activations", rows, hop_length=800, colormap="gray")
""")
    wait_until_drawn(opened)
    rest(opened)
    at = places(opened)
    bottom = at.height - 22
    shown = layer(opened, "picture")[..., :3].mean(axis=2)

    def brightness(time: float, row: int) -> float:
        height = math.floor((at.height - 22 - 30 - 4 - 8) * 0.18)
        y = bottom - (row + 0.5) / 4 * height
        return float(shown[round(y) - 2 : round(y) + 3, round(at.x(time))].mean())

    assert brightness(1.5, 0) > 200 > 60 > brightness(1.5, 3)
    assert brightness(5.5, 3) > 200 > 60 > brightness(5.5, 0)
    assert brightness(3.0, 2) < 60
    opened.run("w.view = (1.0, 2.0)")
    wait_until_drawn(opened)
    rest(opened)
    at = places(opened)
    shown = layer(opened, "picture")[..., :3].mean(axis=2)
    assert brightness(1.1, 0) > 200
    assert brightness(1.1, 3) < 60
    opened.run("w.remove_layer('activations')")
    rest(opened)
    assert at.spec()[1] == pytest.approx(bottom, abs=2)


ASSISTANTS = """
import threading
gate = threading.Event()

def loud(y, sr):
    where = np.flatnonzero(np.abs(y) > 0.2) / sr
    return [(where[0], where[-1], "tone", 0.9), (where[0] + 2, where[-1], "tone", 0.2)]

def slow(y, sr):
    gate.wait(20)
    return []

def broken(y, sr):
    raise ValueError("out of luck")

w.assistants = {"loud": loud, "slow": slow, "broken": broken}
"""


def test_an_assistant_is_run_cancelled_and_its_drafts_are_judged(opened: Lab) -> None:
    opened.run(ASSISTANTS)
    menu = opened.widget.get_by_role("button", name="Assistants")
    before = opened.widget.locator(".sw-stage").bounding_box()
    menu.click()
    panel = opened.widget.locator(".sw-assist")
    assert opened.widget.locator(".sw-stage").bounding_box() == before
    panel.get_by_label("Look through").select_option("recording")
    panel.get_by_role("button", name="Run loud").click()
    expect(panel).to_contain_text("2 drafts found")
    expect(panel).to_contain_text("2 drafts")
    opened.until("list(w.annotations['status']) == ['draft', 'draft']")
    panel.get_by_label("score from").fill("0.5")
    panel.get_by_role("button", name="Accept 1").click()
    opened.until("list(w.annotations.sort_values('score')['status']) == ['draft', 'accepted']")
    panel.get_by_role("button", name="Reject 1").click()
    opened.until("list(w.annotations.sort_values('score')['status']) == ['rejected', 'accepted']")
    # One that takes its time is cancelled, one that fails says why.
    panel.get_by_role("button", name="Run slow").click()
    expect(panel.get_by_role("progressbar", name="slow")).to_be_visible()
    expect(menu).to_have_attribute("aria-label", re.compile("Assistants: slow"))
    panel.get_by_role("button", name="Cancel slow").click()
    opened.run("gate.set()")
    expect(panel).to_contain_text("Cancelled")
    panel.get_by_role("button", name="Run broken").click()
    expect(panel).to_contain_text("out of luck")
    opened.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()


def test_what_needs_a_selection_cannot_be_run_without_one(opened: Lab) -> None:
    opened.widget.get_by_role("button", name="Assistants").click()
    similar = opened.widget.get_by_role("button", name="Run find similar")
    expect(similar).to_have_attribute("aria-disabled", "true")
    opened.run("w.selected = [w.add(start=1, end=2, low_freq=800, high_freq=1200, label='tone')]")
    expect(similar).to_have_attribute("aria-disabled", "false")
    similar.click()
    opened.until("(w.annotations['status'] == 'draft').sum() >= 2", seconds=40)


def test_the_spectrum_is_that_of_the_pointer_or_of_the_selection(opened: Lab) -> None:
    stage = opened.widget.locator(".sw-stage")
    before = stage.bounding_box()
    opened.widget.get_by_role("button", name="Spectrum").click()
    panel = opened.widget.get_by_role("region", name="Spectrum")
    curve = panel.get_by_role("img")
    assert stage.bounding_box() == before
    expect(panel).to_contain_text("At the cursor: ")
    opened.run("w.selected = [w.add(start=3.2, end=3.8, label='tone')]")
    expect(panel).to_contain_text("Selection: 3.200 s – 3.800 s")
    expect(curve).to_have_attribute("aria-label", re.compile(r"peaks: 1 kHz at −6\.\d dB"))
    linear = opened.pixels(curve)
    panel.get_by_label("Frequency axis").select_option("log")
    rest(opened)
    assert (linear != opened.pixels(curve)).any(axis=2).mean() > 0.02
    at = places(opened)
    stage.hover(position=dict(zip(("x", "y"), at.on_spec(4.5, 2000), strict=True)))
    expect(panel).to_contain_text("Under the pointer: 4.")
    expect(curve).not_to_have_attribute("aria-label", re.compile("1 kHz at −6"))
    opened.widget.get_by_role("button", name="Spectrum").click()
    expect(panel).to_be_hidden()
