"""While a cell runs: what is there can be seen, heard and labelled, and nothing done is lost.

Every test has an ipykernel of its own: up to 6 it answers nobody while a cell runs; from 7 on it
does, on another thread, and 7.4 wants to be told which. The cell runs until the test lets it go.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import Lab
from labserver import LabServer
from places import Places, rest, wait_until_drawn
from playwright.sync_api import expect

DEAF = "6.31.0"
LISTENING = ["7.2.0", "7.4.0"]
EVERY = [DEAF, *LISTENING]

DRAWN = re.compile("annotation|^Drag")
SR = 8000
SETUP = f"""
import json, time
from pathlib import Path
import numpy as np
from IPython.display import display
from specwidget import MelSpectrogram, SpecWidget

sr = {SR}
t = np.arange(10 * sr) / sr
y = (0.5 * np.sin(2 * np.pi * 1000 * t) * (np.sin(2 * np.pi * 0.5 * t) > 0)).astype(np.float32)
long = np.tile(y, 60)

def run_until(stop, look=None):
    stop = Path(stop)
    while not stop.exists():
        if look is not None:
            told = stop.with_suffix(".new")
            told.write_text(json.dumps(look()))
            told.replace(stop.with_suffix(".json"))
        time.sleep(0.02)
"""


class Notebook:
    """A notebook with a kernel of one version, and a cell that runs as long as the test wants."""

    def __init__(self, lab: Lab, folder: Path, version: str) -> None:
        self.lab = lab
        self._stop = folder / f"{lab.name}-stop"
        self._kernel = f"ipykernel-{version}"

    def open(self, *cells: str) -> None:
        self.lab.open(SETUP, *cells, kernel=self._kernel)

    @contextmanager
    def busy(self, code: str = "", look: str = "0") -> Iterator[None]:
        """Run a cell that does something and then goes on, evaluating `look` in a loop."""
        told = self._stop.with_suffix(".json")
        for path in (self._stop, told):
            path.unlink(missing_ok=True)
        source = f"{code}\nrun_until({str(self._stop)!r}, lambda: {look})"
        self.lab.run_cell(self.lab.add_cell(source, run=False), wait=False)
        self._until(told.exists)
        try:
            yield
        finally:
            self._stop.touch()
        self.lab.settle()

    def told(self) -> Any:
        """What the running cell sees."""
        return json.loads(self._stop.with_suffix(".json").read_text())

    def until_told(self, value: Any) -> None:
        """Wait until the running cell sees a value."""
        self._until(lambda: self.told() == value, lambda: f"{self.told()} is not {value}")

    def _until(self, condition: Any, say: Any = lambda: "") -> None:
        for _ in range(3000):
            if condition():
                return
            self.lab.page.wait_for_timeout(20)
        raise AssertionError(f"not true within 60 s: {say()}")

    def state(self, index: int = 0) -> Any:
        return self.lab.widgets.nth(index).locator(".sw-state")

    def at(self, index: int = 0, seconds: float = 10.0) -> Places:
        """Where things lie on a widget that shows a whole recording; the kernel is not asked."""
        stage = self.lab.widgets.nth(index).locator(".sw-stage")
        stage.scroll_into_view_if_needed()
        box = stage.bounding_box()
        assert box
        return Places(stage, box["width"], box["height"], (0, seconds), (0, SR / 2), seconds)


@pytest.fixture
def notebook(lab: Lab, lab_server: LabServer, request: pytest.FixtureRequest) -> Notebook:
    version = request.node.callspec.params["version"]
    if version not in lab_server.kernels:
        pytest.skip(f"needs ipykernel {version} in .tools/kernels, where `make test` brings it")
    return Notebook(lab, lab_server.notebooks, version)


def settled(lab: Lab) -> None:
    """A gesture has settled; the kernel is not asked."""
    lab.look("() => new Promise((resolve) => setTimeout(resolve, 300))")


def colors(lab: Lab, canvas: str, index: int = 0) -> np.ndarray:
    return lab.pixels(lab.widgets.nth(index).locator(f".sw-{canvas}"))


def is_drawn(notebook: Notebook, index: int = 0) -> None:
    """The spectrogram is there, and nothing of it is missing."""
    state = notebook.state(index)
    expect(state).not_to_contain_text("Loading")
    expect(state).not_to_contain_text("not fully loaded")
    picture = colors(notebook.lab, "picture", index)
    at = notebook.at(index)
    top, bottom = at.spec()
    left, right = (round(edge) for edge in at.plot)
    inside = picture[round(top) : round(bottom), left:right, :3].astype(int)
    assert inside.std(axis=(0, 1)).max() > 10, "the picture has one colour"


@pytest.mark.parametrize("version", EVERY)
def test_a_short_recording_is_there_although_its_cell_runs_on(
    notebook: Notebook, version: str
) -> None:
    lab = notebook.lab
    notebook.open()
    with notebook.busy("w = SpecWidget(y, sr)\nw.add(1, 2, 'song')\ndisplay(w)"):
        state = notebook.state()
        expect(state).to_have_text("The kernel is busy" if version == DEAF else "1 annotation")
        is_drawn(notebook)
        at = notebook.at()
        # In to single samples, and out again: all of it is here.
        for _ in range(6):
            lab.wheel(at.stage, at.on_spec(4.3, 1000), dy=-300, keys=["Control"])
        settled(lab)
        expect(state).not_to_contain_text("not fully loaded")
        lab.widget.focus()
        lab.page.keyboard.press("f")
        settled(lab)
        is_drawn(notebook)
        clock = lab.widget.locator(".sw-clock")
        before = clock.inner_text()
        lab.page.keyboard.press("Space")
        expect(clock).not_to_have_text(before)
        expect(state).not_to_contain_text("sound")
        lab.page.keyboard.press("Space")
    expect(notebook.state()).to_have_text("1 annotation")
    assert lab.get("w.annotations['label'].tolist()") == ["song"]


@pytest.mark.parametrize("version", [DEAF])
def test_what_a_running_cell_changes_is_seen(notebook: Notebook, version: str) -> None:
    notebook.open("w = SpecWidget(y, sr)\nw")
    wait_until_drawn(notebook.lab)
    before = colors(notebook.lab, "picture")
    with notebook.busy("w.transform = MelSpectrogram(n_mels=40)\nw.add(1, 2, 'song')"):
        expect(notebook.state()).to_have_text("1 annotation")
        is_drawn(notebook)
        assert (colors(notebook.lab, "picture") != before).any()


@pytest.mark.parametrize("version", [DEAF])
def test_what_waits_is_said_and_arrives_in_order(notebook: Notebook, version: str) -> None:
    lab = notebook.lab
    notebook.open("w = SpecWidget(y, sr, labels=['song', 'call'])\nw.add(8, 9, 'song')\nw")
    wait_until_drawn(lab)
    lab.run("told = []\nw.on_annotations_change(lambda change: told.append(change.ops))")
    state, at = notebook.state(), notebook.at()
    with notebook.busy(look="w.revision"):
        for start in (1, 3, 5):
            lab.drag(at.stage, at.on_wave(start), at.on_wave(start + 1))
        expect(state).to_have_text("The kernel is busy: 3 changes wait")
        # The one that is selected gets a label; the one before it goes, and comes back.
        lab.page.keyboard.press("2")
        lab.drag(at.stage, at.on_wave(3.5))
        lab.page.keyboard.press("Delete")
        expect(state).to_have_text("The kernel is busy: 5 changes wait")
        gone = colors(lab, "marks")
        lab.page.keyboard.press("Control+z")
        expect(state).to_have_text("The kernel is busy: 6 changes wait")
        settled(lab)
        assert (colors(lab, "marks") != gone).any()
        pending = colors(lab, "marks")
        assert notebook.told() == 1
    expect(state).to_contain_text("4 annotations")
    rows = lab.get("w.annotations[['start', 'label']].round(1).values.tolist()")
    assert rows == [[8, "song"], [1, ""], [3, ""], [5, "call"]]
    kinds = lab.get("[ops[0]['op'] for ops in told]")
    assert kinds == ["add", "add", "add", "update", "remove", "add"]
    assert (colors(lab, "marks") != pending).any()


@pytest.mark.parametrize("version", [DEAF])
def test_what_is_refused_later_is_taken_back_and_the_rest_stays(
    notebook: Notebook, version: str
) -> None:
    lab = notebook.lab
    notebook.open("w = SpecWidget(y, sr)\nw")
    wait_until_drawn(lab)
    lab.run(
        "real = w.table.apply\n"
        "def picky(ops, **more):\n"
        "    ops = list(ops)\n"
        "    if ops[0].row['start'] > 4: raise ValueError('not after 4 s')\n"
        "    return real(ops, **more)\n"
        "w.table.apply = picky"
    )
    state, at = notebook.state(), notebook.at()
    with notebook.busy():
        for start in (1, 6, 3):
            lab.drag(at.stage, at.on_wave(start), at.on_wave(start + 1))
        expect(state).to_have_text("The kernel is busy: 3 changes wait")
    expect(state).to_contain_text("not after 4 s")
    assert lab.get("w.annotations['start'].round().tolist()") == [1, 3]


@pytest.mark.parametrize("version", [DEAF])
def test_what_is_not_there_yet_is_said(notebook: Notebook, version: str) -> None:
    lab = notebook.lab
    notebook.open("w = SpecWidget(long, sr)\nw")
    wait_until_drawn(lab)
    state, at = notebook.state(), notebook.at(seconds=600)
    with notebook.busy():
        for _ in range(4):
            lab.wheel(at.stage, at.on_spec(450, 1000), dy=-300, keys=["Control"])
        expect(state).to_have_text("The kernel is busy: picture not fully loaded")
        lab.widget.focus()
        lab.page.keyboard.press("Space")
        expect(state).to_have_text(
            "The kernel is busy: sound not loaded yet, picture not fully loaded"
        )
    clock = lab.widget.locator(".sw-clock")
    before = clock.inner_text()
    expect(clock).not_to_have_text(before)
    lab.page.keyboard.press("Space")
    wait_until_drawn(lab)


@pytest.mark.parametrize("version", LISTENING)
def test_requests_are_answered_while_a_cell_runs(notebook: Notebook, version: str) -> None:
    lab = notebook.lab
    notebook.open("w = SpecWidget(long, sr)\nw")
    wait_until_drawn(lab)
    # On 7.4 it is what the cell says to the widget that takes its requests to the main thread.
    for index, before in enumerate(
        ["", "w.view = (150, 450)", "w.add(1, 2, 'song')", "w = SpecWidget(long, sr); display(w)"]
    ):
        shown = 1 if "display" in before else 0
        with notebook.busy(before, "[len(w.annotations), *w.view]"):
            # What is out of sight is not drawn, and may be made anew when it comes into sight.
            lab.widgets.nth(shown).scroll_into_view_if_needed()
            expect(notebook.state(shown)).to_have_text(DRAWN, timeout=20_000)
            n, start, end = notebook.told()
            at = replace(notebook.at(shown, seconds=600), view=(start, end))
            middle = 180 + 10 * index
            for _ in range(4):
                lab.wheel(at.stage, at.on_spec(middle, 1000), dy=-300, keys=["Control"])
            settled(lab)
            is_drawn(notebook, shown)
            _, start, end = notebook.told()
            assert end - start < 60
            at = replace(at, view=(start, end))
            lab.drag(at.stage, at.on_wave(middle - 1), at.on_wave(middle + 1))
            notebook.until_told([n + 1, start, end])
            lab.page.keyboard.press("Control+z")
            notebook.until_told([n, start, end])
            expect(notebook.state(shown)).not_to_contain_text("busy")
        lab.run("w.view = (0, 600)")


@pytest.mark.parametrize("version", LISTENING)
def test_mouse_and_cell_at_once(notebook: Notebook, version: str) -> None:
    lab = notebook.lab
    notebook.open("w = SpecWidget(y, sr, labels=['song', 'call'])\nw")
    wait_until_drawn(lab)
    lab.run("revisions = []\nw.on_annotations_change(lambda c: revisions.append(c.revision))")
    at = notebook.at()
    adding = "(w.add(8, 9, 'call'), int(w.annotations['label'].eq('').sum()))[1]"
    with notebook.busy(look=adding):
        for i in range(8):
            lab.drag(at.stage, at.on_wave(0.5 + i / 2), at.on_wave(0.9 + i / 2))
        notebook.until_told(8)
    n = lab.get("len(w.annotations)")
    expect(notebook.state()).to_contain_text(f"of {n} annotations")
    assert sorted(lab.get("revisions")) == list(range(1, n + 1))
    starts = lab.get("w.annotations.query('label == \"\"')['start'].round(1).tolist()")
    assert starts == [0.5 + i / 2 for i in range(8)]
    if version < "7.4":
        return  # before it, a request such as a new page's may be left unread until the next comes
    # What has come bit by bit is what a new page is told at once.
    lab.run("w.selected = []")
    rest(lab)
    seen = colors(lab, "marks")
    lab.reload()
    wait_until_drawn(lab)
    rest(lab)
    assert (colors(lab, "marks") == seen).all()
