"""Drawing, labelling and editing with the mouse and keys; the DataFrame has it all."""

from __future__ import annotations

import pytest
from harness import REPOSITORY, Lab
from places import places, rest, wait_until_drawn
from playwright.sync_api import expect

DATA = REPOSITORY.parent / "shared" / "data"

SETUP = """
import numpy as np
from specwidget import MelSpectrogram, SpecWidget, Stft

sr = 8000
t = np.arange(10 * sr) / sr
y = (0.5 * np.sin(2 * np.pi * 1000 * t) * (np.sin(2 * np.pi * 0.5 * t) > 0)).astype(np.float32)
w = SpecWidget(y, sr, labels=["song", "call", "noise"])
"""


@pytest.fixture
def opened(lab: Lab) -> Lab:
    lab.open(SETUP, "w")
    wait_until_drawn(lab)
    return lab


def rows(lab: Lab, *columns: str) -> list[list[object]]:
    names = list(columns)
    return lab.get(f"w.annotations[{names}].astype(object).values.tolist()")


def test_a_box_and_its_label(opened: Lab) -> None:
    at = places(opened)
    opened.drag(at.stage, at.on_spec(2, 3000), at.on_spec(4, 1000))
    opened.page.keyboard.press("2")
    opened.until("w.annotations['label'].tolist() == ['call']")
    [[start, end, low, high]] = rows(opened, "start", "end", "low_freq", "high_freq")
    assert (start, end) == pytest.approx((2, 4), abs=1.5 / at.second)
    assert (low, high) == pytest.approx((1000, 3000), abs=1.5 / at.hertz)
    assert opened.get("w.selected") == opened.get("w.annotations['id'].tolist()")
    assert rows(opened, "source", "status", "note") == [["manual", "accepted", ""]]
    assert opened.get("w.annotations['created_at'].notna().all()")
    expect(opened.widget.locator(".sw-state")).to_have_text("1 of 1 annotation selected")


def test_an_interval_on_the_waveform_with_the_label_chosen_first(opened: Lab) -> None:
    at = places(opened)
    opened.widget.locator(".sw-chip", has_text="song").click()
    opened.drag(at.stage, at.on_wave(7), at.on_wave(5.5))
    opened.until("w.annotations['label'].tolist() == ['song']")
    [[start, end]] = rows(opened, "start", "end")
    assert (start, end) == pytest.approx((5.5, 7), abs=1.5 / at.second)
    assert opened.get("w.annotations['low_freq'].isna().all()")


def test_key_then_drag_again_and_again(opened: Lab) -> None:
    at = places(opened)
    opened.drag(at.stage, at.on_wave(9.5))
    for key, start in [("1", 1), ("2", 3), ("1", 5)]:
        opened.page.keyboard.press(key)
        opened.drag(at.stage, at.on_wave(start), at.on_wave(start + 1))
    opened.until("w.annotations['label'].tolist() == ['song', 'call', 'song']")
    # The same key again puts the label down.
    opened.page.keyboard.press("1")
    opened.drag(at.stage, at.on_wave(7), at.on_wave(8))
    opened.until("w.annotations['label'].tolist()[3:] == ['']")


def test_drag_then_key_again_and_again(opened: Lab) -> None:
    at = places(opened)
    for n, (key, start) in enumerate([("1", 1), ("2", 3), ("1", 5)]):
        opened.drag(at.stage, at.on_wave(start), at.on_wave(start + 1))
        opened.until(f"len(w.annotations) == {n + 1}")
        opened.page.keyboard.press(key)
    opened.until("w.annotations['label'].tolist() == ['song', 'call', 'song']")


def test_a_level_drag_on_the_spectrogram_is_an_interval(opened: Lab) -> None:
    at = places(opened)
    opened.drag(at.stage, at.on_spec(2, 2000), at.on_spec(4, 2010))
    opened.until("len(w.annotations) == 1")
    assert opened.get("w.annotations['low_freq'].isna().all()")


def test_a_click_makes_nothing_and_escape_gives_a_drag_up(opened: Lab) -> None:
    at = places(opened)
    opened.drag(at.stage, at.on_spec(2, 2000))
    opened.until("abs(w.position - 2) < 0.02")
    page = opened.page
    box = at.stage.bounding_box()
    assert box
    page.mouse.move(box["x"] + at.x(3), box["y"] + at.y(2000))
    page.mouse.down()
    page.mouse.move(box["x"] + at.x(4), box["y"] + at.y(1000), steps=4)
    page.keyboard.press("Escape")
    page.mouse.move(box["x"] + at.x(5), box["y"] + at.y(500), steps=4)
    page.mouse.up()
    rest(opened)
    assert opened.get("len(w.annotations)") == 0
    opened.drag(at.stage, at.on_spec(6, 3000), at.on_spec(7, 1000))
    opened.until("len(w.annotations) == 1")


def test_move_and_resize(opened: Lab) -> None:
    opened.run("w.add(2, 4, 'song', low_freq=1000, high_freq=3000, id='box')")
    at = places(opened)
    stage = at.stage
    opened.drag(stage, at.on_spec(3, 2000))
    opened.until("w.selected == ['box']")
    opened.drag(stage, at.on_spec(3, 2000), at.on_spec(4, 2500))
    opened.until("w.annotations.loc[0, 'start'] > 2.5")
    [[start, end, low, high]] = rows(opened, "start", "end", "low_freq", "high_freq")
    assert (start, end) == pytest.approx((3, 5), abs=1.5 / at.second)
    assert end - start == pytest.approx(2)
    assert (low, high) == pytest.approx((1500, 3500), abs=1.5 / at.hertz)
    opened.drag(stage, at.on_spec(5, 3500), at.on_spec(6, 3000))
    opened.until("w.annotations.loc[0, 'end'] > 5.5")
    [[start, end, low, high]] = rows(opened, "start", "end", "low_freq", "high_freq")
    assert end == pytest.approx(6, abs=3 / at.second)
    assert high == pytest.approx(3000, abs=3 / at.hertz)
    assert (start, low) == pytest.approx((3, 1500), abs=40)
    opened.drag(stage, at.on_wave(3), at.on_wave(1))
    opened.until("w.annotations.loc[0, 'start'] < 1.5")
    assert opened.get("w.annotations.loc[0, 'high_freq']") == high


def test_select_several_relabel_delete_undo_redo(opened: Lab) -> None:
    opened.run(
        "w.annotations = [(1, 2, 'song'), (3, 4, 'song'), (5, 6, 'call'), (7, 8, 'call')]\n"
        "ids = w.annotations['id'].tolist()"
    )
    at = places(opened)
    page = opened.page
    opened.drag(at.stage, at.on_wave(1.5))
    opened.drag(at.stage, at.on_wave(5.5), keys=["Shift"])
    opened.until("w.selected == [ids[0], ids[2]]")
    page.keyboard.press("3")
    opened.until("w.annotations['label'].tolist() == ['noise', 'song', 'noise', 'call']")
    page.keyboard.press("Delete")
    opened.until("w.annotations['label'].tolist() == ['song', 'call']")
    opened.until("w.selected == []")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    opened.until("w.annotations['label'].tolist() == ['song', 'song', 'call', 'call']")
    page.keyboard.press("Control+Shift+z")
    opened.until("w.annotations['label'].tolist() == ['noise', 'song', 'noise', 'call']")
    opened.widget.get_by_role("button", name="Undo").click()
    opened.until("w.annotations['label'].tolist() == ['song', 'song', 'call', 'call']")
    page.keyboard.press("Control+a")
    opened.until("w.selected == ids")
    page.keyboard.press("Control+Shift+y")
    page.keyboard.press("Control+y")
    opened.until("w.annotations['label'].tolist() == ['noise', 'song', 'noise', 'call']")
    opened.drag(at.stage, at.on_wave(9.5))
    opened.until("w.selected == []")


def test_moving_several_keeps_their_distance(opened: Lab) -> None:
    opened.run("w.annotations = [(1, 2, 'song'), (8, 9, 'song')]")
    at = places(opened)
    opened.drag(at.stage, at.on_wave(1.5))
    opened.page.keyboard.press("Control+a")
    opened.until("len(w.selected) == 2")
    opened.drag(at.stage, at.on_wave(1.5), at.on_wave(5))
    opened.until("w.annotations.loc[1, 'end'] > 9.9")
    assert rows(opened, "start", "end") == [[2, 3], [9, 10]]


def test_python_and_mouse_share_one_history(opened: Lab) -> None:
    at = places(opened)
    opened.run("w.add(1, 2, 'song')")
    opened.drag(at.stage, at.on_wave(5), at.on_wave(6))
    opened.until("len(w.annotations) == 2")
    opened.run("w.undo()")
    expect(opened.widget.locator(".sw-state")).to_contain_text("1 annotation")
    opened.page.keyboard.press("Control+z")
    opened.until("len(w.annotations) == 0")
    opened.run("w.redo(); w.redo()")
    expect(opened.widget.locator(".sw-state")).to_contain_text("2 annotations")


def test_a_data_frame_assigned_in_python_is_drawn(opened: Lab) -> None:
    marks = opened.widget.locator(".sw-marks")
    before = opened.pixels(marks)
    opened.run(
        "import pandas as pd\n"
        "w.annotations = pd.DataFrame({'start': [1.0], 'end': [3.0], 'label': ['song'],"
        " 'low_freq': [500.0], 'high_freq': [3500.0]})"
    )
    expect(opened.widget.locator(".sw-state")).to_have_text("1 annotation")
    at = places(opened)
    after = opened.pixels(marks)
    x, y = round(at.x(1)), round(at.y(2000))
    assert (before[y, x - 2 : x + 3] != after[y, x - 2 : x + 3]).any()
    assert (before[y, x + 40 : x + 60] == after[y, x + 40 : x + 60]).all()


def test_a_refused_edit_is_taken_back_and_said(opened: Lab) -> None:
    at = places(opened)
    opened.run("real = w.table.apply\ndef refuse(*a, **k): raise ValueError('not today')")
    opened.run("w.table.apply = refuse")
    opened.drag(at.stage, at.on_wave(1), at.on_wave(2))
    expect(opened.widget.locator(".sw-state")).to_contain_text("not today")
    assert opened.get("len(w.annotations)") == 0
    opened.run("w.table.apply = real")
    opened.drag(at.stage, at.on_wave(4), at.on_wave(5))
    opened.until("len(w.annotations) == 1")
    expect(opened.widget.locator(".sw-state")).to_have_text("1 of 1 annotation selected")


def test_a_label_of_the_whole_recording_is_shown_and_can_be_removed(opened: Lab) -> None:
    opened.run("w.add(label='noise')")
    chip = opened.widget.locator(".sw-whole .sw-chip")
    expect(chip).to_have_text("noise")
    chip.click()
    opened.until("len(w.selected) == 1")
    opened.page.keyboard.press("Delete")
    opened.until("len(w.annotations) == 0")


def test_callbacks_and_the_observable_trait_hear_of_the_mouse(opened: Lab) -> None:
    opened.run(
        "heard, seen = [], []\n"
        "w.on_annotations_change(lambda change: heard.append(change.ops[0]['op']))\n"
        "w.observe(lambda change: seen.append(change['new']), 'revision')"
    )
    at = places(opened)
    opened.drag(at.stage, at.on_wave(1), at.on_wave(2))
    opened.until("heard == ['add'] and seen == [w.revision]")


def test_new_labels_are_named_in_the_palette_where_they_are_allowed(lab: Lab) -> None:
    lab.open(SETUP + "w = SpecWidget(y, sr)", "w")
    wait_until_drawn(lab)
    at = places(lab)
    lab.drag(at.stage, at.on_wave(1), at.on_wave(2))
    field = lab.widget.locator(".sw-new-label")
    field.fill("owl <b>")
    field.press("Enter")
    lab.until("w.annotations['label'].tolist() == ['owl <b>']")
    expect(lab.widget.locator(".sw-chip-name")).to_have_text("owl <b>")
    # Named with nothing selected, it is shown at once, and is what the next one gets.
    lab.page.keyboard.press("Escape")
    field.fill("wren")
    field.press("Enter")
    chip = lab.widget.locator(".sw-chip", has_text="wren")
    expect(chip).to_have_attribute("aria-pressed", "true")
    lab.drag(at.stage, at.on_wave(4), at.on_wave(5))
    lab.until("[label.name for label in w.labels] == ['owl <b>', 'wren']")


@pytest.mark.parametrize(
    "name", ["ann_maad_spinetail/spinetail.wav", "ann_pyaudioanalysis/count.wav"]
)
def test_real_recordings(lab: Lab, name: str) -> None:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not beside this checkout, in ../shared/data")
    lab.open(
        f"from specwidget import SpecWidget\nw = SpecWidget({str(path)!r}, labels=['song'])", "w"
    )
    wait_until_drawn(lab)
    at = places(lab)
    third = at.duration / 3
    band = at.band[1]
    lab.drag(at.stage, at.on_spec(third, 0.6 * band), at.on_spec(2 * third, 0.2 * band))
    lab.page.keyboard.press("1")
    lab.until("w.annotations['label'].tolist() == ['song']")
    [[start, end, low, high]] = rows(lab, "start", "end", "low_freq", "high_freq")
    assert (start, end) == pytest.approx((third, 2 * third), abs=1.5 / at.second)
    assert (low, high) == pytest.approx((0.2 * band, 0.6 * band), abs=1.5 / at.hertz)
    assert lab.get("w.clip(w.annotations.loc[0, 'id'])[0].shape[-1] / w.sr") == pytest.approx(
        end - start, abs=1e-3
    )
