"""What the front end costs the browser: real JupyterLab, headless Chromium, up to a day of sound.

Times are read from traces of the browser (traces.py). Per frame they are times of the processor,
which other programs disturb least; the rest is by the clock, and means little on a machine that is
busy with something else. Nothing here passes or fails. Run by `make bench`.

`BENCH_SECONDS` and `BENCH_WIDTHS` choose recordings and widths, such as `BENCH_SECONDS=10,3600`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import sync_playwright
from traces import Trace, traced

sys.path.append(str(Path(__file__).parents[1] / "e2e"))

from harness import BROWSER_FLAGS, SOUND_WITHOUT_A_CLICK, Lab, find_browser
from labserver import LabServer
from places import places, rest

SECONDS = [float(s) for s in os.environ.get("BENCH_SECONDS", "10,600,3600,86400").split(",")]
WIDTHS = [int(w) for w in os.environ.get("BENCH_WIDTHS", "1200,2400").split(",")]
RATIO = float(os.environ.get("BENCH_RATIO", "1"))
# Pixels of wheel that lead from a day to a millisecond, and seconds that the hand takes.
ZOOM, ZOOM_TIME = 9200, 3
PAN, PAN_TIME = 3000, 3

SETUP = """
import numpy as np
from specwidget import SpecWidget

class Field:
    '''Noise and a chirp every second, computed from the numbers of the samples.'''

    sr, n_channels, name, peak = 44100, 1, "field", 1.0

    def __init__(self, seconds):
        self.n_samples = int(seconds * self.sr)
        place = np.arange(1 << 20) % self.sr
        noise = np.random.default_rng(0).standard_normal(place.size)
        chirps = np.sin(place**2 * 5e-6) * (place < self.sr // 10)
        self._sound = (0.01 * noise + 0.2 * chirps).astype(np.float32)

    def read(self, start, stop):
        i = np.arange(start, stop)
        loudness = 1 / (1 + (i >> 21) % 5)
        return (self._sound[i & (self._sound.size - 1)] * loudness)[None].astype(np.float32)
"""

# Counts the messages of tiles, and says when the picture first shows something.
WATCHER = """
window.counts = { asked: 0, cancelled: 0, tiles: 0, bytes: 0 };
const read = new TextDecoder();
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  const text = typeof data === "string" ? data : read.decode(data);
  for (const [name, type] of [["asked", "tiles.get"], ["cancelled", "tiles.cancel"]]) {
    if (!text.includes(`"type":"${type}"`)) continue;
    const keys = text.slice(text.indexOf('"keys":')).match(/"(spec|wave)\\//g) ?? [];
    window.counts[name] += keys.length;
  }
  return send.call(this, data);
};
const listen = WebSocket.prototype.addEventListener;
const count = ({ data }) => {
  if (typeof data === "string" || data.byteLength === undefined) return;
  const text = read.decode(new Uint8Array(data, 0, Math.min(20000, data.byteLength)));
  if (!text.includes('"tile.data"')) return;
  window.counts.tiles += (text.match(/"columns":/g) ?? []).length;
  window.counts.bytes += data.byteLength;
};
const handler = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
Object.defineProperty(WebSocket.prototype, "onmessage", {
  ...handler,
  set(f) {
    listen.call(this, "message", count);
    handler.set.call(this, f);
  },
});
window.firstPicture = () => new Promise((resolve) => {
  const began = performance.now();
  const look = () => {
    const canvas = document.querySelector(".sw-picture");
    const g = canvas?.getContext("2d");
    // Noise is everywhere, and louder than the darkest colour.
    const pixel = g && canvas.width > 1 &&
      g.getImageData(canvas.width >> 1, Math.floor(canvas.height * 0.6), 1, 1).data;
    if (pixel && pixel[0] + pixel[1] + pixel[2] > 12) resolve(performance.now() - began);
    else requestAnimationFrame(look);
  };
  look();
});
"""


class Bench:
    """One browser, and the table."""

    def __init__(self, server: LabServer, browser: Any) -> None:
        self.server = server
        self.browser = browser

    @contextmanager
    def lab(self, width: int, name: str) -> Iterator[Lab]:
        viewport = {"width": width + 62, "height": 900}
        context = self.browser.new_context(viewport=viewport, device_scale_factor=RATIO)
        lab = Lab(self.server, context, name)
        lab.before_each_page(WATCHER)
        try:
            yield lab
        finally:
            lab.close()
            context.close()
            self.server.shut_down_kernels()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    server = LabServer(tmp_path_factory.mktemp("jupyter"))
    try:
        server.wait()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=find_browser(), args=[*BROWSER_FLAGS, SOUND_WITHOUT_A_CLICK]
            )
            yield Bench(server, browser)
            browser.close()
    finally:
        server.stop()


def row(name: str, trace: Trace, lab: Lab, before: dict[str, int]) -> str:
    """One line of the table."""
    (script, whole), (script95, whole95) = trace.work(0.5), trace.work(0.95)
    by_clock, ours = trace.longest()
    counts = lab.look("() => window.counts")
    asked, cancelled, tiles, size = (counts[k] - before[k] for k in counts)
    return (
        f"{name:<26}{len(trace.frames):>6}{script:>7.1f}{script95:>6.1f}{whole:>8.1f}{whole95:>6.1f}"
        f"{trace.intervals(0.5):>8.0f}{trace.intervals(0.95):>5.0f}"
        f"{ours.caused:>9.0f}{by_clock.wall:>7.0f} ({by_clock.ours:.0f})"
        f"{asked:>7}{cancelled:>6}{tiles:>6}{size / 2**20:>7.1f}"
    )


HEADS = (
    f"{'':<26}{'frames':>6}{'script ms':>13}{'with rend.':>14}{'interval':>13}"
    f"{'longest: ours, any (of it ours)':>26}{'asked':>7}{'canc.':>6}{'came':>6}{'MB':>7}"
)


def memory(bench: Bench, lab: Lab) -> str:
    """What the page has in use."""
    devtools = lab.page.context.new_cdp_session(lab.page)
    devtools.send("HeapProfiler.collectGarbage")
    devtools.send("Performance.enable")
    metrics = {m["name"]: m["value"] for m in devtools.send("Performance.getMetrics")["metrics"]}
    system = bench.browser.new_browser_cdp_session()
    processes = system.send("SystemInfo.getProcessInfo")["processInfo"]
    sizes = [rss(p["id"]) for p in processes if p["type"] == "renderer"]
    buffers = devtools.send("Runtime.getHeapUsage")["backingStorageSize"]
    return (
        f"JavaScript heap {metrics['JSHeapUsedSize'] / 2**20:.0f} MB, "
        f"buffers {buffers / 2**20:.0f} MB, "
        f"largest renderer {max(sizes, default=0) / 2**20:.0f} MB resident"
    )


def rss(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def wait_until_seen(lab: Lab) -> None:
    """Wait for the picture of the right resolution, be it an estimate."""
    state = lab.widget.locator(".sw-state").element_handle()
    lab.page.wait_for_function("(state) => !/^(Loading)?$/.test(state.textContent)", arg=state)


@pytest.mark.parametrize("width", WIDTHS)
def test_moving(bench: Bench, width: int) -> None:
    print(f"\nwidget {width} px wide, {RATIO:g} device pixels each; ms: median, 95 %\n{HEADS}")
    for seconds in SECONDS:
        with bench.lab(width, f"bench-{seconds:g}-{width}") as lab:
            moving(bench, lab, seconds)


def moving(bench: Bench, lab: Lab, seconds: float) -> None:
    make = f"w = SpecWidget(Field({seconds}), db_range=(-140, -20))\nw"
    lab.open(SETUP, make, run=False)
    page = lab.page
    lab.run_cell(0)
    page.wait_for_timeout(300)
    before = lab.look("() => ({ ...window.counts })")
    length = f"{seconds:g} s"
    with traced(bench.browser, page) as trace:
        lab.look("() => { window.first = window.firstPicture() }")
        lab.run_cell(1)
        first = lab.look("() => window.first")
        wait_until_seen(lab)
        page.wait_for_timeout(1500)
    print(row(f"{length}: load, first {first:.0f}", trace, lab, before), flush=True)

    at = places(lab)
    box = at.stage.bounding_box()
    assert box
    x, y = at.on_spec(seconds * 0.37, 8000)
    page.mouse.click(box["x"] + x, box["y"] + y)
    rest(lab)
    hand = page.context.new_cdp_session(page)

    def turn(name: str, dx: float, dy: float, time: float) -> None:
        """Turn the wheel evenly, at the pace of the hand and not of the page."""
        before = lab.look("() => ({ ...window.counts })")
        with traced(bench.browser, page) as trace:
            hand.send(
                "Input.synthesizeScrollGesture",
                {
                    "x": box["x"] + x,
                    "y": box["y"] + y,
                    "xDistance": -dx,
                    "yDistance": -dy,
                    "speed": round(max(abs(dx), abs(dy)) / time),
                    "gestureSourceType": "mouse",
                },
            )
            page.wait_for_timeout(700)
        print(row(f"{length}: {name}", trace, lab, before), flush=True)

    turn("zoom in", 0, -ZOOM, ZOOM_TIME)
    turn("zoom out", 0, ZOOM, ZOOM_TIME)
    span = min(60.0, seconds / 10)
    lab.run(f"w.view = ({seconds * 0.3}, {seconds * 0.3 + span})")
    wait_until_seen(lab)
    rest(lab)
    turn("pan", PAN, 0, PAN_TIME)
    print(f"{length}: {memory(bench, lab)}", flush=True)


# When the first sound after a key was told to begin, and when it was to be heard.
EAR = """
window.begun = null;
const start = AudioBufferSourceNode.prototype.start;
AudioBufferSourceNode.prototype.start = function (when, ...more) {
  window.begun ??= performance.now() + 1000 * (when - this.context.currentTime);
  return start.call(this, when, ...more);
};
window.addEventListener("keydown", () => {
  window.pressed = performance.now();
  window.begun = null;
}, { capture: true });
"""


@pytest.mark.parametrize("seconds", [s for s in SECONDS if s >= 600])
def test_playing(bench: Bench, seconds: float) -> None:
    """Print how long after the space bar the sound begins, here and there, after a click there."""
    with bench.lab(1200, f"bench-play-{seconds:g}") as lab:
        lab.before_each_page(EAR)
        lab.open(SETUP + f"w = SpecWidget(Field({seconds}))", "w")
        wait_until_seen(lab)
        took = []
        for where in (0.5, 0.1, 0.9, 0.33, 0.77, 0.05, 0.6, 0.2, 0.95):
            at = places(lab)
            lab.drag(at.stage, at.on_spec(seconds * where, 8000))
            lab.page.wait_for_timeout(400)
            lab.page.keyboard.press("Space")
            lab.page.wait_for_function("() => window.begun !== null")
            took.append(lab.look("() => window.begun - window.pressed"))
            lab.page.wait_for_timeout(300)
            lab.page.keyboard.press("Space")
            rest(lab)
        first, *others = took
        print(
            f"\n{seconds:g} s: sound begins {np.median(others):.0f} ms after the key, at most "
            f"{max(others):.0f} (target 150); {first:.0f} the first time",
            flush=True,
        )
