"""Views come and go: two of one widget, a second tab, a reload, a restart, themes and sizes."""

from __future__ import annotations

import base64
import io
import json

import nbformat
import numpy as np
import pytest
from harness import Lab
from nbconvert import HTMLExporter
from PIL import Image
from places import places, rest, wait_until_drawn
from playwright.sync_api import expect

SETUP = """
import numpy as np
from specwidget import SpecWidget

sr = 8000
t = np.arange(10 * sr) / sr
y = 0.3 * np.sin(2 * np.pi * (200 + 150 * t) * t)
w = SpecWidget(y, sr, labels=["up", "down"], annotations=[(1, 2, "up")])
"""


def test_two_views_of_one_widget_stay_in_step(lab: Lab) -> None:
    lab.open(SETUP, "w", "w")
    lab.resize(1000, 1300)
    wait_until_drawn(lab, 0)
    wait_until_drawn(lab, 1)
    first = places(lab, index=0)
    lab.wheel(first.stage, first.on_spec(5, 1000), dy=-300, keys=["Control"])
    lab.until("w.view != (0.0, 10.0)")
    rest(lab)
    pictures = [lab.pixels(lab.widgets.nth(i).locator(".sw-picture")) for i in (0, 1)]
    assert (pictures[0] == pictures[1]).all()
    second = places(lab, index=1)
    lab.drag(second.stage, second.on_wave(4.5), second.on_wave(5.5))
    lab.page.keyboard.press("2")
    lab.until("w.annotations['label'].tolist() == ['up', 'down']")
    for i in (0, 1):
        expect(lab.widgets.nth(i).locator(".sw-state")).to_have_text("1 of 2 annotations selected")
    rest(lab)
    marks = [lab.pixels(lab.widgets.nth(i).locator(".sw-marks")) for i in (0, 1)]
    assert (marks[0] == marks[1]).all()
    # One view goes, the other stays alive.
    lab.page.evaluate("() => testedNotebook.content.widgets[2].model.outputs.clear()")
    expect(lab.widgets).to_have_count(1)
    alone = places(lab)
    lab.drag(alone.stage, alone.on_wave(6.5), alone.on_wave(7))
    lab.until("len(w.annotations) == 3")


def test_a_second_tab_and_a_reload(lab: Lab) -> None:
    lab.open(SETUP, "w")
    wait_until_drawn(lab)
    other = lab.second_tab()
    wait_until_drawn(other)
    at = places(other)
    other.drag(at.stage, at.on_wave(4), at.on_wave(5))
    expect(lab.widget.locator(".sw-state")).to_contain_text("2 annotations")
    lab.page.bring_to_front()
    here = places(lab)
    lab.drag(here.stage, here.on_wave(6), here.on_wave(7))
    expect(other.widget.locator(".sw-state")).to_contain_text("3 annotations")
    lab.reload()
    wait_until_drawn(lab)
    expect(lab.widget.locator(".sw-state")).to_contain_text("3 annotations")


def test_a_restarted_kernel_is_said(lab: Lab) -> None:
    lab.open(SETUP, "w")
    wait_until_drawn(lab)
    at = places(lab)
    lab.restart_kernel()
    lab.drag(at.stage, at.on_wave(4), at.on_wave(5))
    state = lab.widget.locator(".sw-state")
    expect(state).to_contain_text("No kernel. 2 annotations shown here will be gone")
    lab.run_all()
    wait_until_drawn(lab)
    expect(state).to_have_text("1 annotation")


@pytest.mark.parametrize("width", [500, 1800])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_fits_and_follows_the_theme(lab: Lab, width: int, theme: str) -> None:
    lab.open(SETUP, "w")
    lab.resize(width + 60, 900)
    lab.set_theme(theme)
    wait_until_drawn(lab)
    rest(lab)
    widget = lab.widget
    assert widget.evaluate("(w) => w.scrollWidth <= w.clientWidth")
    tools = widget.locator(".sw-toolbar").bounding_box()
    assert tools and tools["height"] < 40, "the tools do not fit in one row"
    back = widget.evaluate("(w) => getComputedStyle(w).backgroundColor")
    level = np.mean([float(v) for v in back.strip("rgba()").split(",")[:3]])
    marks = lab.pixels(widget.locator(".sw-marks"))
    at = places(lab)
    labels = marks[:, : round(at.plot[0]) - 8]
    ink = labels[labels[..., 3] > 200][:, :3].mean()
    assert (level > 200 and ink < 110) if theme == "light" else (level < 60 and ink > 150)
    lab.screenshot(f"look-{theme}-{width}")


def test_the_still_picture_is_in_the_notebook_and_in_its_html(lab: Lab) -> None:
    lab.open(SETUP, "w")
    wait_until_drawn(lab)
    [output] = lab.outputs(1)
    png = base64.b64decode(output["data"]["image/png"])
    assert len(png) < 150_000
    image = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
    assert image.shape[1] >= 800
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 50
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("w", outputs=[nbformat.from_dict(output)]),
        ]
    )
    html, _ = HTMLExporter().from_notebook_node(
        nbformat.from_dict(json.loads(json.dumps(notebook)))
    )
    assert base64.b64encode(png).decode()[:200] in html.replace("\n", "")


@pytest.mark.parametrize("box", ["HBox", "VBox", "Accordion"])
def test_it_takes_the_room_there_is_in_a_box(lab: Lab, box: str) -> None:
    lab.open(
        SETUP + f"import ipywidgets\nbox = ipywidgets.{box}([w, ipywidgets.Button()])",
        "box.selected_index = 0" if box == "Accordion" else "",
        "box",
    )
    wait_until_drawn(lab)
    room = lab.page.locator(".jp-OutputArea-output").last.bounding_box()
    shown = lab.widget.bounding_box()
    assert room and shown
    assert shown["width"] > room["width"] - 320
    assert shown["height"] < 560


def test_it_is_drawn_when_it_comes_into_sight(lab: Lab) -> None:
    lab.open(
        SETUP + "import ipywidgets\ntabs = ipywidgets.Tab([ipywidgets.Text(), w])",
        "tabs",
    )
    lab.page.locator(".jp-OutputArea .lm-TabBar-tab").nth(1).click()
    wait_until_drawn(lab)
    at = places(lab)
    pixels = lab.pixels(lab.widget.locator(".sw-picture"))
    top, bottom = at.spec()
    assert pixels[round(top) : round(bottom), 200:400, 3].min() == 255
