"""However fast one moves, however long it is: never blank, few requests, bounded memory.

Nothing here depends on how fast the machine is; tests/benchmarks/bench_browser.py measures that.
"""

from __future__ import annotations

from typing import Any

import pytest
from harness import Lab
from places import places, rest

# Counts tiles asked for and cancelled, message by message.
COUNTER = """
window.messages = [];
const read = new TextDecoder();
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  const text = typeof data === "string" ? data : read.decode(data);
  const [, type] = /"type":"(tiles\\.(?:get|cancel))"/.exec(text) ?? [];
  if (type) window.messages.push([type, text.match(/\\["(?:spec|wave)\\/[^\\]]*\\]/g) ?? []]);
  return send.call(this, data);
};
"""

# Looks at every frame as it was painted: columns of the spectrogram, of the waveform and of the
# strip that show nothing. Noise is everywhere, and louder than the darkest colour.
WATCH = """() => {
  const canvas = document.querySelector(".sw-picture");
  const g = canvas.getContext("2d");
  const state = { frames: 0, blank: [0, 0, 0], stop: false };
  window.watched = state;
  const left = 58, right = canvas.width - 58;
  const count = (y, height, isEmpty) => {
    const { data, width } = g.getImageData(left, y, right - left, height);
    const rows = [...Array(height).keys()];
    const columns = [...Array(width).keys()];
    const isBlank = (x) => rows.every((row) => isEmpty(data, 4 * (row * width + x)));
    return columns.filter(isBlank).length;
  };
  const isDark = (data, i) => data[i] + data[i + 1] + data[i + 2] < 12;
  const isWave = (data, i) => data[i + 2] - data[i] > 40;
  const look = () => {
    const { spec, wave } = window.panes;
    const seen = [count(spec, 12, isDark), count(...wave, (d, i) => !isWave(d, i)),
      count(2, 26, (d, i) => !isWave(d, i))];
    seen.forEach((n, i) => { state.blank[i] = Math.max(state.blank[i], n); });
    state.frames += 1;
    if (!state.stop) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""

LONG = """
import numpy as np
from specwidget import SpecWidget

class Long:
    '''Noise, computed from the numbers of the samples; some of it may not be readable.'''

    sr, name, peak = 8000, "long", 1.0
    broken = ()

    def __init__(self, seconds, n_channels=1):
        self.n_samples, self.n_channels = int(seconds * self.sr), n_channels
        self._noise = np.random.default_rng(0).normal(0, 0.1, 1 << 18).astype(np.float32)

    def read(self, start, stop):
        for first, last in self.broken:
            if start < last * self.sr and stop > first * self.sr:
                raise OSError("the disk is scratched")
        block = self._noise[np.arange(start, stop) % self._noise.size]
        return np.stack([block] * self.n_channels)
"""
DAY = 86_400


def open_long(lab: Lab, more: str) -> Any:
    lab.before_each_page(COUNTER)
    lab.open(LONG + more, "w")
    wait_until_seen(lab)
    lab.widget.scroll_into_view_if_needed()
    at = places(lab)
    lab.look(
        "(spec, wave) => { window.panes = { spec, wave }; window.messages.length = 0 }",
        round(sum(at.spec()) / 2),
        [round(at.wave()[0]), round(at.wave()[1] - at.wave()[0])],
    )
    return at


def wait_until_seen(lab: Lab) -> None:
    """Wait for the picture of the right resolution, be it an estimate."""
    state = lab.widget.locator(".sw-state").element_handle()
    lab.page.wait_for_function("(state) => !/^(Loading)?$/.test(state.textContent)", arg=state)


def keys_sent(lab: Lab, kind: str) -> list[str]:
    return [
        key for type_, keys in lab.look("() => window.messages") if type_ == kind for key in keys
    ]


def test_nothing_is_ever_blank_and_few_tiles_are_asked_for(lab: Lab) -> None:
    at = open_long(lab, f"w = SpecWidget(Long({DAY}), db_range=(-140, -20))")
    box = at.stage.bounding_box()
    assert box
    x, y = box["x"] + at.on_spec(DAY * 0.37, 1000)[0], box["y"] + at.on_spec(0, 1000)[1]
    lab.page.mouse.click(x, y)
    rest(lab)
    lab.look(WATCH)
    # From a day to a millisecond and back, at the pace of a hand.
    hand = lab.page.context.new_cdp_session(lab.page)
    for distance in (9200, -9200):
        gesture = {"x": x, "y": y, "yDistance": distance, "speed": 3000}
        hand.send("Input.synthesizeScrollGesture", {**gesture, "gestureSourceType": "mouse"})
        rest(lab)
        wait_until_seen(lab)
    assert lab.get("w.view") == [0, DAY]
    asked, cancelled = keys_sent(lab, "tiles.get"), keys_sent(lab, "tiles.cancel")
    # Asking for what each frame shows would be some 340 tiles, nearly all of them never seen.
    assert 20 < len(asked) < 200, len(asked)
    assert len(cancelled) <= len(asked)
    # Along, by the wheel, by the strip, by keys, and to anywhere.
    lab.run("w.view = (40000, 40020)")
    wait_until_seen(lab)
    for _ in range(60):
        lab.page.mouse.wheel(25, 0)
    at = places(lab)
    lab.drag(at.stage, at.on_strip(40_000), at.on_strip(10_000), at.on_strip(70_000))
    for key in ["PageDown", "PageDown", "Home", "End", "f", "+", "+", "-"]:
        lab.page.keyboard.press(key)
    lab.run("w.view = (86399, 86400)")
    rest(lab)
    wait_until_seen(lab)
    watched = lab.look("() => { window.watched.stop = true; return window.watched }")
    assert watched["frames"] > 50
    assert watched["blank"] == [0, 0, 0]


def test_what_cannot_be_read_is_hatched_and_asked_for_no_more(lab: Lab) -> None:
    source = "source = Long(60); w = SpecWidget(source, db_range=(-140, -20)); w.view = (0, 60)"
    open_long(lab, source)
    lab.run("source.broken = ((30, 33),)")
    lab.run("w.view = (29, 34)")
    lab.look(WATCH)
    lab.page.wait_for_timeout(200)
    before = -1
    while (now := len(keys_sent(lab, "tiles.get"))) != before:
        assert now < 500, "tiles are asked for without end"
        before = now
        # Each pause is twice the last one, and there are three: 1 s is the longest.
        lab.page.wait_for_timeout(4000)
    asked = keys_sent(lab, "tiles.get")
    assert max(asked.count(key) for key in asked) <= 5
    watched = lab.look("() => { window.watched.stop = true; return window.watched }")
    assert watched["blank"][0] == 0
    # The pointer reads what is wrong, and the rest is as it was.
    at = places(lab)
    box = at.stage.bounding_box()
    assert box
    lab.page.mouse.move(box["x"] + at.x(31.5), box["y"] + at.y(1000))
    lab.page.wait_for_function(
        "() => /scratched/.test(document.querySelector('.sw-reading').textContent)"
    )
    lab.page.mouse.move(box["x"] + at.x(29.2), box["y"] + at.y(1000))
    lab.page.wait_for_function(
        "() => !/scratched/.test(document.querySelector('.sw-reading').textContent)"
    )


def bytes_held(lab: Lab) -> int:
    """The bytes of all buffers that the page keeps alive."""
    devtools = lab.page.context.new_cdp_session(lab.page)
    devtools.send("HeapProfiler.collectGarbage")
    usage = devtools.send("Runtime.getHeapUsage")
    devtools.detach()
    return int(usage["backingStorageSize"])


def test_a_day_that_was_looked_through_is_not_kept(lab: Lab) -> None:
    open_long(lab, f"w = SpecWidget(Long({DAY}, 8), view=(0, 60), height=900)")
    before = bytes_held(lab)
    asked = 0
    minute = 0
    # Some 40 tiles of 256 kB for each page: the bound is 128 MB, and what is in sight.
    while asked < 700:
        minute += 7
        lab.run(f"w.view = ({minute * 60}, {minute * 60 + 60})")
        wait_until_seen(lab)
        asked = len(keys_sent(lab, "tiles.get"))
    rest(lab)
    assert minute < DAY / 60
    assert bytes_held(lab) - before < 160 * 2**20


@pytest.mark.parametrize("ratio", [1, 2])
def test_a_moving_picture_is_as_sharp_as_ever_once_it_rests(lab: Lab, ratio: int) -> None:
    lab.before_each_page(f"Object.defineProperty(window, 'devicePixelRatio', {{ value: {ratio} }})")
    at = open_long(lab, "w = SpecWidget(Long(60), view=(10, 30))")
    picture = lab.widget.locator(".sw-picture")
    rest(lab)
    before = lab.pixels(picture)
    assert before.shape[1] == pytest.approx(at.width * ratio, abs=1)
    # There and back by whole pixels.
    lab.wheel(at.stage, at.on_spec(20, 1000), dy=50, keys=["Shift"])
    lab.wheel(at.stage, at.on_spec(20, 1000), dy=-50, keys=["Shift"])
    rest(lab)
    wait_until_seen(lab)
    after = lab.pixels(picture)
    assert (before != after).any(axis=2).mean() < 0.01
