"""What is heard: captured where it leaves the page, and compared with the recording."""

from __future__ import annotations

import re

import numpy as np
import pytest
from harness import Lab
from places import places, rest, wait_until_drawn
from playwright.sync_api import expect

# Everything that goes to a destination goes to a recorder too, a worklet that loses no block.
RECORDER = r"""
{
  const source = `registerProcessor("recorder", class extends AudioWorkletProcessor {
    process([input]) {
      const n = input[0] ? input[0].length : 128;
      const channels = [0, 1].map((c) => Array.from(input[c] ?? input[0] ?? new Float32Array(n)));
      this.port.postMessage(channels);
      return true;
    }
  });`;
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const recorders = new Map();
  const connect = AudioNode.prototype.connect;
  window.heard = [[], []];
  window.rate = 0;
  const recorderOf = (context) => {
    if (!recorders.has(context)) {
      recorders.set(context, context.audioWorklet.addModule(url).then(() => {
        const node = new AudioWorkletNode(context, "recorder", { channelCount: 2,
          channelCountMode: "explicit", channelInterpretation: "speakers" });
        node.port.onmessage = ({ data }) => data.forEach((c, i) => window.heard[i].push(...c));
        window.rate = context.sampleRate;
        return node;
      }));
    }
    return recorders.get(context);
  };
  AudioNode.prototype.connect = function (target, ...more) {
    if (target instanceof AudioDestinationNode) {
      recorderOf(this.context).then((node) => connect.call(this, node));
    }
    return connect.call(this, target, ...more);
  };
}
"""

SETUP = """
import numpy as np
from specwidget import SpecWidget

sr = 16000
rng = np.random.default_rng(7)
y = (0.3 * rng.normal(size=(2, 8 * sr))).clip(-1, 1).astype(np.float32)
w = SpecWidget(y, sr)
"""
SR = 16000
FADE = int(0.02 * SR)


def recording() -> np.ndarray:
    return (0.3 * np.random.default_rng(7).normal(size=(2, 8 * SR))).clip(-1, 1)


@pytest.fixture
def opened(lab: Lab) -> Lab:
    lab.before_each_page(RECORDER)
    lab.open(SETUP, "w")
    wait_until_drawn(lab)
    # The recorder is loaded with the first sound; this one is not looked at.
    at = places(lab)
    lab.drag(at.stage, at.on_spec(7.8, 1000))
    lab.page.keyboard.press("Space")
    lab.page.wait_for_function("() => window.rate > 0")
    expect(play_button(lab, "Play")).to_be_visible(timeout=10_000)
    lab.page.evaluate("() => { window.heard = [[], []]; }")
    return lab


def play_button(lab: Lab, name: str):
    return lab.widget.get_by_role("button", name=name, exact=False).first


def heard(lab: Lab) -> np.ndarray:
    """What came out so far, without silence before and after [shape=(2, n)]."""
    sound = np.array(lab.page.evaluate("() => window.heard"), dtype=np.float64)
    loud = np.flatnonzero(np.abs(sound).max(axis=0) > 1e-4)
    return sound[:, loud[0] : loud[-1] + 1] if loud.size else sound[:, :0]


def find(sound: np.ndarray, reference: np.ndarray) -> int:
    """Where in the reference the middle of the sound lies."""
    probe = sound[len(sound) // 2 :][:4000]
    n = 1 << (len(reference) + len(probe)).bit_length()
    match = np.fft.irfft(np.fft.rfft(reference, n) * np.conj(np.fft.rfft(probe, n)), n)
    return int(match[: len(reference)].argmax()) - len(sound) // 2


def test_the_sound_is_the_recordings_own_to_the_sample(opened: Lab) -> None:
    at = places(opened)
    opened.drag(at.stage, at.on_spec(1.0, 1000))
    opened.page.keyboard.press("Space")
    expect(play_button(opened, "Pause")).to_be_visible()
    opened.page.wait_for_timeout(3000)
    opened.page.keyboard.press("Space")
    expect(play_button(opened, "Play")).to_be_visible()
    rest(opened)
    assert opened.page.evaluate("() => window.rate") == SR
    sound = heard(opened)
    y = recording()
    offset = find(sound[0], y[0])
    assert offset / SR == pytest.approx(1.0, abs=0.05)
    assert sound.shape[1] > 2 * SR
    inner = slice(FADE, sound.shape[1] - FADE)
    for channel in (0, 1):
        played = y[channel, offset : offset + sound.shape[1]]
        np.testing.assert_allclose(sound[channel, inner], played[inner], atol=2 / 32768)
    # And it stays where it was stopped.
    stopped = opened.get("w.position")
    assert stopped == pytest.approx(1.0 + sound.shape[1] / SR, abs=0.3)


DAY = """
import numpy as np
from specwidget import SpecWidget

class Day:
    '''A day of noise, computed from the numbers of the samples.'''

    sr, n_channels, name, peak = 16000, 1, "day", 1.0
    n_samples = 86_400 * sr

    def read(self, start, stop):
        mixed = np.arange(start, stop, dtype=np.uint64)
        for _ in range(2):
            mixed = mixed * np.uint64(0x9E3779B97F4A7C15)
            mixed ^= mixed >> np.uint64(29)
        return ((mixed >> np.uint64(40)) / 2**24 - 0.5).astype(np.float32)[None]

w = SpecWidget(Day())
"""


def test_a_day_sounds_from_anywhere_without_a_gap(lab: Lab) -> None:
    lab.before_each_page(RECORDER)
    lab.open(DAY, "w")
    state = lab.widget.locator(".sw-state")
    expect(state).to_have_text(re.compile("^Estimate|^Drag"))
    scope: dict = {}
    exec(DAY.partition("w = ")[0].replace("from specwidget", "#"), scope)
    day = scope["Day"]()
    lab.widget.focus()
    for time in (70_000.25, 12.5, 86_395.0):
        lab.run(f"w.view = ({time - 5}, {min(86_400, time + 5)}); w.position = {time}")
        rest(lab)
        lab.page.evaluate("() => { window.heard = [[], []]; }")
        lab.page.keyboard.press("Space")
        # The recorder is loaded with the first sound. Four chunks of half a second at the least.
        lab.page.wait_for_function("() => window.heard[0].length > 2.2 * 16000")
        lab.page.keyboard.press("Space")
        expect(play_button(lab, "Play")).to_be_visible()
        sound = heard(lab)[0]
        first = int(time * SR)
        played = day.read(first, min(day.n_samples, first + 8 * SR))[0]
        offset = find(sound, played)
        inner = slice(FADE, len(sound) - FADE)
        expected = played[offset : offset + len(sound)]
        np.testing.assert_allclose(sound[inner], expected[inner], atol=2 / 32768)


def test_a_loop_has_no_gap_and_one_channel_is_heard_alone(opened: Lab) -> None:
    opened.run("w.annotations = [(2.0, 2.5, 'x')]; w.selected = w.annotations['id'].tolist()")
    opened.run("w.channel = 1; w.loop = True")
    expect(opened.widget.get_by_role("button", name="Loop")).to_have_attribute(
        "aria-pressed", "true"
    )
    opened.widget.focus()
    opened.page.keyboard.press("Space")
    opened.page.wait_for_timeout(2500)
    opened.page.keyboard.press("Space")
    rest(opened)
    sound = heard(opened)
    turn = recording()[1, 2 * SR : 2 * SR + SR // 2]
    assert sound.shape[1] > 3 * len(turn)
    turns = np.tile(turn, 2 + sound.shape[1] // len(turn))
    offset = find(sound[0, : len(turn) // 2], turn)
    inner = slice(FADE, sound.shape[1] - FADE)
    for channel in (0, 1):
        np.testing.assert_allclose(
            sound[channel, inner], turns[offset : offset + sound.shape[1]][inner], atol=2 / 32768
        )


def test_playing_moves_the_playhead_and_turns_the_page(opened: Lab) -> None:
    opened.run("w.view = (1, 2); w.position = 1.5")
    rest(opened)
    opened.widget.focus()
    opened.page.keyboard.press("Space")
    seen = opened.page.evaluate(
        """async () => {
          const clock = document.querySelector(".sw-clock");
          const times = [];
          for (let i = 0; i < 90; i += 1) {
            await new Promise(requestAnimationFrame);
            times.push(parseFloat(clock.textContent));
          }
          return times;
        }"""
    )
    opened.page.keyboard.press("Space")
    steps = np.diff(seen)
    assert (steps >= 0).all()
    assert seen[-1] - seen[0] > 0.8
    # A step is a frame, or a few where the machine is busy; never back, never a leap.
    assert np.median(steps[steps > 0]) < 0.1
    opened.until("w.view[0] > 1.5")
    assert opened.get("w.view[1] - w.view[0]") == pytest.approx(1.0)


def test_the_window_the_selection_and_the_end(opened: Lab) -> None:
    opened.run("w.view = (3.0, 3.6)")
    rest(opened)
    opened.widget.focus()
    opened.page.keyboard.press("Shift+Space")
    expect(play_button(opened, "Play")).to_be_visible(timeout=10_000)
    rest(opened)
    sound = heard(opened)
    assert sound.shape[1] == pytest.approx(0.6 * SR, abs=0.02 * SR)
    assert find(sound[0], recording()[0]) / SR == pytest.approx(3.0, abs=0.01)
    # At its end the position is back where the sound began.
    assert opened.get("w.position") == pytest.approx(3.0, abs=0.01)
    # A click while it plays goes on from there.
    opened.run("w.view = (0, 8); w.position = 1.0")
    rest(opened)
    opened.page.keyboard.press("Space")
    opened.page.wait_for_timeout(500)
    at = places(opened)
    opened.drag(at.stage, at.on_wave(6))
    opened.page.wait_for_timeout(700)
    opened.page.keyboard.press("Space")
    opened.until("w.position > 6.2")


def test_sound_waits_for_a_click_where_the_browser_wants_one(shy_lab: Lab) -> None:
    lab = shy_lab
    lab.open(SETUP, "w")
    wait_until_drawn(lab)
    lab.widget.locator(".sw-toolbar button").first.click()
    expect(play_button(lab, "Pause")).to_be_visible()
    clock = lab.widget.locator(".sw-clock")
    before = clock.inner_text()
    lab.page.wait_for_timeout(800)
    assert clock.inner_text() != before
