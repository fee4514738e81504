"""Moving through a recording: wheel, axes, strip and keys; and a page that still scrolls."""

from __future__ import annotations

import pytest
from harness import Lab
from places import Places, places, rest, wait_until_drawn
from playwright.sync_api import expect

SETUP = """
import numpy as np
from specwidget import SpecWidget

sr = 8000
w = SpecWidget(np.random.default_rng(0).normal(0, 0.1, 20 * sr), sr)
"""


@pytest.fixture
def opened(lab: Lab) -> Lab:
    lab.open(SETUP, "w", *["'further down\\n' * 30"] * 4)
    wait_until_drawn(lab)
    return lab


def settled(lab: Lab) -> Places:
    """The places after the last gesture has reached the kernel."""
    rest(lab)
    return places(lab)


def view(lab: Lab) -> tuple[float, float]:
    return settled(lab).view


def scrolled(lab: Lab) -> float:
    rest(lab)
    return lab.page.evaluate(
        "() => { const w = document.querySelector('.specwidget');"
        " return w.getBoundingClientRect().top; }"
    )


def test_the_wheel(opened: Lab) -> None:
    at = places(opened)
    here = at.on_spec(5, 2000)
    top = scrolled(opened)

    # A reader who scrolls past is not caught.
    opened.wheel(at.stage, here, dy=100)
    assert scrolled(opened) < top
    assert view(opened) == (0, 20)
    opened.wheel(at.stage, here, dy=-300)
    assert scrolled(opened) == top

    # Control and the wheel zoom about the pointer, also without focus.
    opened.wheel(at.stage, here, dy=-600, keys=["Control"])
    now = settled(opened)
    assert scrolled(opened) == top
    assert now.view[1] - now.view[0] < 8
    assert now.time(here[0]) == pytest.approx(5, abs=0.02)

    # Shift and the wheel pan.
    opened.wheel(at.stage, here, dy=100, keys=["Shift"])
    moved = settled(opened)
    assert moved.view[0] > now.view[0]
    assert moved.view[1] - moved.view[0] == pytest.approx(now.view[1] - now.view[0])

    # Alt and the wheel zoom in frequency.
    opened.wheel(at.stage, here, dy=-300, keys=["Alt"])
    high = settled(opened)
    assert high.band[1] - high.band[0] < 4000
    assert high.view == moved.view

    # Once it was clicked, the plain wheel is the widget's.
    opened.drag(at.stage, here)
    opened.wheel(at.stage, here, dy=300)
    wide = settled(opened)
    assert wide.view[1] - wide.view[0] > high.view[1] - high.view[0]
    assert scrolled(opened) == top
    opened.wheel(at.stage, here, dx=100)
    assert settled(opened).view[0] > wide.view[0]
    opened.wheel(at.stage, at.on_freq_axis(1000), dy=300)
    assert settled(opened).band[1] > high.band[1]

    # Focus gone, the page scrolls again.
    opened.page.locator(".jp-Cell-inputArea").last.click()
    opened.page.evaluate(
        "() => document.querySelector('.specwidget').scrollIntoView({ block: 'center' })"
    )
    before = scrolled(opened), view(opened)
    opened.wheel(at.stage, here, dy=-100)
    assert scrolled(opened) != before[0]
    assert view(opened) == before[1]


def test_axes_strip_and_keys(opened: Lab) -> None:
    opened.run("w.view = (5, 10)")
    at = settled(opened)

    # Axes: drag moves, Shift and drag zoom, double-click shows all.
    opened.drag(at.stage, at.on_time_axis(7), at.on_time_axis(8))
    now = settled(opened)
    assert now.view == pytest.approx((4, 9), abs=0.05)
    opened.drag(at.stage, now.on_time_axis(6), now.on_time_axis(8), keys=["Shift"])
    assert settled(opened).view[1] - settled(opened).view[0] < 4
    opened.page.mouse.dblclick(*on_page(at, at.on_time_axis(7)))
    assert view(opened) == (0, 20)
    opened.drag(at.stage, at.on_freq_axis(1000), at.on_freq_axis(3000), keys=["Shift"])
    band = settled(opened).band
    assert band[1] - band[0] < 3000
    narrow = settled(opened)
    opened.drag(at.stage, (20, 200), (20, 260))
    assert settled(opened).band[0] > narrow.band[0]
    opened.page.mouse.dblclick(*on_page(at, (20, 250)))
    assert settled(opened).band == (0, 4000)

    # The strip: its window is moved and resized, a click elsewhere goes there.
    opened.run("w.view = (5, 10)")
    at = settled(opened)
    opened.drag(at.stage, at.on_strip(7), at.on_strip(9))
    assert view(opened) == pytest.approx((7, 12), abs=0.1)
    opened.drag(at.stage, at.on_strip(12), at.on_strip(16))
    assert view(opened) == pytest.approx((7, 16), abs=0.1)
    opened.drag(at.stage, at.on_strip(2))
    assert view(opened) == pytest.approx((0, 9), abs=0.1)

    # Keys.
    press = opened.page.keyboard.press
    press("ArrowRight")
    assert view(opened) == pytest.approx((0.9, 9.9), abs=0.1)
    press("PageDown")
    assert view(opened) == pytest.approx((9.9, 18.9), abs=0.1)
    press("Home")
    assert view(opened) == pytest.approx((0, 9), abs=0.1)
    press("End")
    assert view(opened) == pytest.approx((11, 20), abs=0.1)
    press("+")
    span = view(opened)
    assert span[1] - span[0] == pytest.approx(5.4, abs=0.1)
    press("-")
    span = view(opened)
    assert span[1] - span[0] == pytest.approx(9, abs=0.1)
    press("Shift+ArrowUp")
    band = settled(opened).band
    assert band[1] - band[0] == pytest.approx(2400, abs=1)
    press("ArrowUp")
    assert settled(opened).band[0] > band[0]
    press("f")
    now = settled(opened)
    assert (now.view, now.band) == ((0, 20), (0, 4000))
    opened.run("w.annotations = [(4, 6, 'x')]; w.selected = w.annotations['id'].tolist()")
    expect(opened.widget.locator(".sw-state")).to_have_text("1 of 1 annotation selected")
    press("z")
    assert view(opened) == pytest.approx((3.7, 6.3), abs=0.01)


def on_page(at: Places, point: tuple[float, float]) -> tuple[float, float]:
    box = at.stage.bounding_box()
    assert box
    return box["x"] + point[0], box["y"] + point[1]


def test_no_key_of_the_widget_reaches_jupyterlab_nor_the_reverse(opened: Lab) -> None:
    at = places(opened)
    opened.drag(at.stage, at.on_spec(5, 2000))
    count = "() => testedNotebook.content.widgets.length"
    active = "() => testedNotebook.content.activeCellIndex"
    before = opened.page.evaluate(count), opened.page.evaluate(active)
    # In JupyterLab these add, cut, delete and merge cells, change their type, and run them.
    for key in ["a", "b", "x", "d", "d", "m", "y", "z", "Shift+m", "ArrowDown", "j", "k", "1", "0"]:
        opened.page.keyboard.press(key)
    rest(opened)
    assert (opened.page.evaluate(count), opened.page.evaluate(active)) == before
    # Nor from a button that the keyboard has gone to.
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("() => document.activeElement.tagName") == "BUTTON"
    for key in ["a", "b", "x", "d", "d", "m", "Shift+m"]:
        opened.page.keyboard.press(key)
    rest(opened)
    assert (opened.page.evaluate(count), opened.page.evaluate(active)) == before
    # And typing in a cell does nothing to the widget.
    shown = view(opened)
    opened.page.locator(".jp-Cell-inputArea .cm-content").last.click()
    opened.page.keyboard.type("l+-f zzz 123")
    assert view(opened) == shown
    assert opened.get("w.loop") is False
