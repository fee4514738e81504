"""What a page's main thread did, read from a trace of the browser.

A task is ours as far as a trace tells: what functions of the widget's module took, and the
rendering of the frames that they painted. What JupyterLab does with messages on their way to us is
its own. Times are milliseconds; those of the processor leave out what other programs took.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from playwright.sync_api import Browser, CDPSession, Page

CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "__metadata"]
RENDERING = {"UpdateLayoutTree", "Layout", "PrePaint", "Paint", "Layerize", "Commit"}
LONG = 50.0


@dataclass
class Task:
    """One task of the main thread: `wall` by the clock, the others of the processor."""

    start: float
    wall: float
    cpu: float
    ours: float = 0.0
    theirs: float = 0.0
    rendering: float = 0.0
    frames: int = 0
    """How many frames of ours were painted in it."""

    @property
    def caused(self) -> float:
        """What we did, and had the browser do."""
        return self.ours + (self.rendering if self.frames else 0.0)


@dataclass
class Trace:
    """The tasks of a page's main thread, in order."""

    tasks: list[Task] = field(default_factory=list)

    @property
    def frames(self) -> list[Task]:
        """The tasks that painted."""
        return [task for task in self.tasks if task.frames]

    def longest(self) -> tuple[Task, Task]:
        """The longest task by the clock, and the one in which we did most."""
        tasks = self.tasks or [Task(0.0, 0.0, 0.0)]
        return max(tasks, key=lambda task: task.wall), max(tasks, key=lambda task: task.caused)

    def work(self, share: float) -> tuple[float, float]:
        """A quantile of our script in a frame, and of that with the frame's rendering."""
        frames = self.frames or [Task(0.0, 0.0, 0.0)]
        script = np.quantile([task.ours for task in frames], share)
        return float(script), float(np.quantile([task.caused for task in frames], share))

    def intervals(self, share: float) -> float:
        """A quantile of the time from frame to frame while something moves."""
        steps = np.diff([task.start for task in self.frames])
        moving = steps[steps < 250.0]
        return float(np.quantile(moving, share)) if moving.size else 0.0


@contextmanager
def traced(browser: Browser, page: Page) -> Iterator[Trace]:
    """Trace what happens in the ``with`` block; the trace is complete after it."""
    trace = Trace()
    devtools = browser.new_browser_cdp_session()
    ended: list[dict[str, Any]] = []
    devtools.once("Tracing.tracingComplete", lambda event: ended.append(event))
    settings = {"includedCategories": CATEGORIES, "recordMode": "recordAsMuchAsPossible"}
    devtools.send("Tracing.start", {"transferMode": "ReturnAsStream", "traceConfig": settings})
    try:
        yield trace
    finally:
        devtools.send("Tracing.end")
        while not ended:
            page.wait_for_timeout(20)
        events = json.loads(read(devtools, ended[0]["stream"]))["traceEvents"]
        devtools.detach()
    trace.tasks = tasks_of(events)


def read(devtools: CDPSession, stream: str) -> str:
    parts: list[str] = []
    while True:
        part = devtools.send("IO.read", {"handle": stream, "size": 1 << 22})
        data = part["data"]
        parts.append(base64.b64decode(data).decode() if part.get("base64Encoded") else data)
        if part["eof"]:
            return "".join(parts)


def tasks_of(events: list[dict[str, Any]]) -> list[Task]:
    """The tasks of the main thread that painted most, from the events of a trace."""
    thread = busiest(events)
    mine = [e for e in events if (e["pid"], e["tid"]) == thread and e["ph"] == "X"]
    # Of two that begin together the longer one is around the other.
    mine.sort(key=lambda e: (e["ts"], -e.get("dur", 0)))
    tasks: list[Task] = []
    inside: list[tuple[float, str]] = []
    for event in mine:
        start, end = event["ts"], event["ts"] + event.get("dur", 0)
        while inside and inside[-1][0] <= start:
            inside.pop()
        cpu = event.get("tdur", event.get("dur", 0)) / 1e3
        kind = kind_of(event)
        if event["name"] == "RunTask":
            if not inside:
                tasks.append(Task(start / 1e3, event.get("dur", 0) / 1e3, cpu))
                inside.append((end, "task"))
            continue
        if not inside or kind is None:
            continue
        around = {name for _, name in inside}
        task = tasks[-1]
        if kind == "ours" and "ours" not in around:
            task.ours += cpu
            if "theirs" in around:
                task.theirs -= cpu
        elif kind == "theirs" and not around & {"ours", "theirs"}:
            task.theirs += cpu
        elif kind == "rendering" and not around & {"ours", "theirs", "rendering"}:
            task.rendering += cpu
        elif kind == "frame":
            inside.append((end, "frame"))
            continue
        if kind == "ours" and "frame" in around:
            task.frames += 1
        inside.append((end, kind))
    return tasks


def busiest(events: list[dict[str, Any]]) -> tuple[int, int]:
    """The process and thread with most animation frames."""
    counts: dict[tuple[int, int], int] = {}
    for event in events:
        if event["name"] == "FireAnimationFrame":
            key = (event["pid"], event["tid"])
            counts[key] = counts.get(key, 0) + 1
    return max(counts, key=lambda key: counts[key], default=(0, 0))


def kind_of(event: dict[str, Any]) -> str | None:
    name = event["name"]
    if name == "FunctionCall":
        url = str(event.get("args", {}).get("data", {}).get("url", ""))
        # anywidget evaluates the module from a blob; everything of JupyterLab has an address.
        return "ours" if url.startswith("blob:") else "theirs"
    if name == "FireAnimationFrame":
        return "frame"
    return "rendering" if name in RENDERING else None
