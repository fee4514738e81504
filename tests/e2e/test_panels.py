"""Lines and layers over the same time, assistants and their drafts, and the spectrum panel."""

from __future__ import annotations

import numpy as np
import pytest
from harness import Lab
from places import Places, places, wait_until_drawn

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
    opened.run("w.overlay('ramp', times, 0 * times + 0.25, limits=(0, 1), color='#00ff00')")
    wait_for_line(opened, 5.4, "#00ff00", 0.25)
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
