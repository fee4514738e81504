"""Annotations by keys alone: marked at the cursor, stepped through, cut, joined, moved, copied."""

from __future__ import annotations

import pytest
from harness import Lab
from places import places, wait_until_drawn
from playwright.sync_api import expect

SETUP = """
import numpy as np
from specwidget import SpecWidget
w = SpecWidget(np.zeros(80000, np.float32), 8000, labels=["song", {"name": "call", "key": "k"}])
"""
SPANS = "w.annotations[['start', 'end']].round(3).values.tolist()"


@pytest.fixture
def opened(lab: Lab) -> Lab:
    lab.open(SETUP, "w")
    wait_until_drawn(lab)
    seek(lab, 2)
    return lab


def seek(lab: Lab, time: float) -> None:
    """Put the cursor somewhere by a click."""
    at = places(lab)
    lab.drag(at.stage, at.on_wave(time))
    lab.until(f"abs(w.position - {time}) < 0.05")


def press(lab: Lab, *keys: str) -> None:
    """Press keys, one after the other."""
    for key in keys:
        lab.page.keyboard.press(key)


def test_marked_labelled_split_merged_and_undone(opened: Lab) -> None:
    press(opened, "i")
    expect(opened.widget.locator(".sw-state")).to_contain_text("press the key again")
    seek(opened, 4)
    press(opened, "i", "k")
    opened.until("w.annotations['label'].tolist() == ['call']")
    [[start, end]] = opened.get(SPANS)
    assert (start, end) == pytest.approx((2, 4), abs=0.05)
    opened.run("w.position = 3.0")
    opened.until("w.position == 3.0")
    press(opened, "s")
    opened.until(f"{SPANS} == [[{start}, 3.0], [3.0, {end}]]")
    press(opened, "Control+a", "m")
    opened.until(f"{SPANS} == [[{start}, {end}]]")
    press(opened, "Control+z")
    opened.until("len(w.annotations) == 2")


def test_nudged_duplicated_accepted_and_of_another_kind(opened: Lab) -> None:
    opened.run("i = w.add(start=5, end=6, label='song', score=0.7)")
    opened.until("w.annotations['status'].tolist() == ['draft']")
    press(opened, "Tab", ".", ".", ",")
    opened.until(f"{SPANS} == [[5.01, 6.01]]")
    press(opened, "a")
    opened.until("w.annotations['status'].tolist() == ['accepted']")
    press(opened, "x")
    opened.until("w.annotations['status'].tolist() == ['rejected']")
    press(opened, "d")
    opened.until(f"{SPANS} == [[5.01, 6.01], [6.01, 7.01]]")
    press(opened, "c")
    opened.until("w.annotations['high_freq'].notna().tolist() == [True, False]")


def test_tab_goes_through_and_then_out(opened: Lab) -> None:
    opened.run("w.annotations = [(1, 1.5, 'song'), (3, 4, 'call'), (6, 7, 'song')]")
    opened.until("len(w.annotations) == 3")
    chosen = "w.annotations.set_index('id').loc[list(w.selected), 'start'].tolist()"
    press(opened, "Tab")
    opened.until(f"{chosen} == [3.0]")
    press(opened, "Tab")
    opened.until(f"{chosen} == [6.0]")
    press(opened, "Shift+Tab", "Shift+Tab")
    opened.until(f"{chosen} == [1.0]")
    press(opened, "Shift+A")
    opened.until(f"sorted({chosen}) == [1.0, 6.0]")
    press(opened, "Escape", "Tab", "Tab", "Tab", "Tab")
    assert not opened.page.evaluate("document.activeElement.classList.contains('specwidget')")


def test_the_nearest_boundary_comes_to_the_cursor(opened: Lab) -> None:
    opened.run("w.annotations = [(0.5, 1.8, 'song'), (1.8, 3, 'call')]")
    opened.run("w.position = 2.0")
    opened.until("len(w.annotations) == 2")
    press(opened, "b")
    opened.until(f"{SPANS} == [[0.5, 2.0], [2.0, 3.0]]")


def test_what_is_hidden_is_neither_drawn_nor_hit(opened: Lab) -> None:
    opened.run("w.add(start=5, end=6, label='song'); w.hidden_labels = ['song']")
    opened.until("len(w.annotations) == 1")
    at = places(opened)
    opened.drag(at.stage, at.on_wave(5.5))
    opened.until("abs(w.position - 5.5) < 0.05")
    assert opened.get("list(w.selected)") == []
    opened.run("w.hidden_labels = []")
    opened.settle()
    opened.drag(at.stage, at.on_wave(5.5))
    opened.until("len(w.selected) == 1")


def test_other_keys(opened: Lab) -> None:
    opened.run("w.keymap = {'point': 'v', 'loop': None}")
    opened.settle()
    press(opened, "p", "l", "v")
    opened.until("len(w.annotations) == 1")
    assert not opened.get("w.loop")
    press(opened, "?")
    line = opened.widget.locator(".sw-help tr", has_text="A point at the cursor")
    expect(line.locator("kbd")).to_have_text("v")


def test_copied_cut_and_pasted(opened: Lab) -> None:
    opened.run("w.annotations = [(5, 6, 'song'), (8, 9, 'call')]")
    opened.until("len(w.annotations) == 2")
    press(opened, "Tab", "Control+c")
    seek(opened, 1)
    press(opened, "Control+v")
    opened.until("len(w.annotations) == 3")
    start = opened.get("w.annotations['start'].iloc[2]")
    assert start == pytest.approx(1, abs=0.05)
    assert opened.get("w.annotations['label'].tolist()") == ["song", "call", "song"]
    press(opened, "Control+x")
    opened.until("w.annotations['start'].tolist() == [5.0, 8.0]")
    seek(opened, 2)
    press(opened, "Control+v")
    opened.until("len(w.annotations) == 3")


def test_what_is_hidden_is_not_meant_by_all(opened: Lab) -> None:
    opened.run("w.annotations = [(5, 6, 'song'), (8, 9, 'call')]; w.hidden_labels = ['song']")
    opened.until("len(w.annotations) == 2")
    press(opened, "Control+a", "Delete")
    opened.until("w.annotations['label'].tolist() == ['song']")
