"""The harness itself, with a widget of a few lines: that it runs, and that it fails when it should.

The other end-to-end tests are worth what these show.
"""

from __future__ import annotations

import pytest
from harness import Lab
from playwright.sync_api import expect

WIDGET = """
import anywidget, traitlets

class Counter(anywidget.AnyWidget):
    count = traitlets.Int(0).tag(sync=True)
    _esm = '''
    export default {
      render({ model, el }) {
        el.classList.add("specwidget");
        const canvas = el.appendChild(document.createElement("canvas"));
        canvas.getContext("2d").fillRect(0, 0, 3, 2);
        const button = el.appendChild(document.createElement("button"));
        const show = () => { button.textContent = `${model.get("count")} clicks`; };
        button.addEventListener("click", () => {
          model.set("count", model.get("count") + 1);
          model.save_changes();
        });
        model.on("change:count", show);
        show();
      },
    };
    '''

w = Counter()
"""


def test_a_click_reaches_the_kernel_and_a_value_reaches_the_page(lab: Lab) -> None:
    lab.open(WIDGET, "w", "print('three')")
    button = lab.widget.locator("button")
    expect(button).to_have_text("0 clicks")
    button.click()
    lab.until("w.count == 1")
    lab.run("w.count = 5")
    expect(button).to_have_text("5 clicks")
    assert lab.get("{'count': w.count}") == {"count": 5}
    assert lab.run("print('text'); w.count + 1") == "text\n6"
    assert lab.outputs(2)[0]["text"] == "three\n"
    pixels = lab.pixels(lab.widget.locator("canvas"))
    assert pixels.shape == (150, 300, 4)
    assert pixels[1, 2].tolist() == [0, 0, 0, 255]
    assert pixels[2, 2].tolist() == [0, 0, 0, 0]


def test_views_in_a_second_cell_a_second_tab_and_after_a_reload(lab: Lab) -> None:
    lab.open(WIDGET, "w")
    index = lab.add_cell("w")
    expect(lab.cell(index).locator(".specwidget")).to_be_visible()
    expect(lab.widgets).to_have_count(2)
    other = lab.second_tab()
    other.widget.locator("button").click()
    expect(lab.widget.locator("button")).to_have_text("1 clicks")
    lab.reload()
    expect(lab.widget.locator("button")).to_have_text("1 clicks")


def test_themes_and_sizes(lab: Lab) -> None:
    lab.open(WIDGET, "w")
    background = "() => getComputedStyle(document.body).getPropertyValue('--jp-layout-color1')"
    light = lab.look(background)
    lab.set_theme("dark")
    assert lab.look(background) != light
    widths = []
    for width in (500, 1800):
        lab.resize(width)
        lab.page.wait_for_timeout(200)
        widths.append(lab.widget.bounding_box()["width"])
    assert widths[0] < 500 < 1500 < widths[1]


def test_a_restarted_kernel_forgets(lab: Lab) -> None:
    lab.open("x = 1")
    lab.restart_kernel()
    assert lab.run("'x' in globals()") == "False"


def test_a_cell_that_fails_and_code_that_fails_are_reported(lab: Lab) -> None:
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        lab.open("1 / 0")
    with pytest.raises(AssertionError, match="NameError"):
        lab.run("nobody")


def test_problems_are_seen(lab: Lab) -> None:
    lab.open()
    assert lab.problems == []
    for script, problem in [
        ("console.error('broken')", "on the console: broken"),
        ("setTimeout(() => { throw new Error('lost') })", "in the page: lost"),
        ("fetch('https://example.org/data').catch(() => {})", "the machine: https://example.org"),
        ("new WebSocket('ws://10.1.2.3/')", r"the machine: ws://10\.1\.2\.3"),
    ]:
        lab.look(f"() => {{ {script}; }}")
        lab.page.wait_for_timeout(300)
        lab.expect_problem(problem)
        lab.problems.clear()


def test_a_shy_browser_is_silent_until_clicked(shy_lab: Lab) -> None:
    shy_lab.open()
    state = "() => { window.heard ??= new AudioContext(); return window.heard.state; }"
    assert shy_lab.look(state) == "suspended"
    shy_lab.page.mouse.click(600, 400)
    shy_lab.look("() => window.heard.resume()")
    assert shy_lab.look(state) == "running"
