"""Two views and Python change one table, with messages late and out of order.

In the end all have the same rows, and every step back or forth leads to exactly what there was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from random import Random
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from unpacked import unpacked

from specwidget import AnnotationError, ParameterError, SpecWidget, routing
from specwidget.annotations import NAMES


class View:
    """A front end: it knows only what it has been told, and what it has asked for itself."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rev = -1
        self.rows: list[dict[str, Any]] = []
        self.extras: dict[str, Any] = {}
        self.pending: list[str] = []
        self.early: dict[int, dict[str, Any]] = {}
        self.up: list[dict[str, Any]] = []
        self.down: list[tuple[dict[str, Any], list[bytes]]] = []
        self.serial = 0
        self.ask()

    def request(self, type: str, **members: Any) -> str:
        self.serial += 1
        id = f"{self.name}-{self.serial}"
        self.up.append({"v": 1, "type": type, "id": id, **members})
        return id

    def ask(self) -> None:
        self.request("hello")

    def edit(self, ops: list[dict[str, Any]]) -> None:
        self.pending.append(self.request("edit", base_rev=max(0, self.rev), ops=ops))

    def step(self, action: str, step: int | None = None) -> None:
        more = {} if step is None else {"step": step}
        self.pending.append(self.request("history", action=action, of=None, **more))

    def hear(self, message: dict[str, Any], buffers: list[bytes]) -> None:
        answered = message.get("edit_id") or message.get("id")
        if answered in self.pending:
            self.pending.remove(answered)
        if message["type"] == "annotations.snapshot" and message["rev"] >= self.rev:
            self.rev = message["rev"]
            self.rows = unpacked(message, buffers)
            self.extras = message["extras"]
        elif message["type"] == "annotations.patch" and (message["ops"] or "extras" in message):
            self.early[message["rev"]] = message
        self.early = {rev: patch for rev, patch in self.early.items() if rev > self.rev}
        while self.rev + 1 in self.early:
            self.follow(self.early.pop(self.rev + 1))

    def follow(self, patch: dict[str, Any]) -> None:
        self.rev = patch["rev"]
        self.extras = patch.get("extras", self.extras)
        for op in patch["ops"]:
            if op["op"] == "add":
                assert op["row"]["id"] not in [row["id"] for row in self.rows]
                self.rows.insert(op.get("at", len(self.rows)), dict(op["row"]))
                continue
            [place] = [n for n, row in enumerate(self.rows) if row["id"] == op["id"]]
            if op["op"] == "remove":
                del self.rows[place]
            else:
                self.rows[place] = {**self.rows[place], **op["set"]}

    def filled(self) -> list[dict[str, Any]]:
        """Rows with all columns there are now, and no others."""
        names = [*self.extras]
        return [
            {name: row.get(name) for name in row if name in NAMES or name in names}
            | {name: row.get(name) for name in names}
            for row in self.rows
        ]


class World:
    """A widget, its views, the ways between them, and all the states there were."""

    def __init__(self, w: SpecWidget, overlap: str) -> None:
        self.w = w
        w.send = lambda *message: None  # type: ignore[method-assign]
        w.overlap = "allow"
        w.annotations = w.annotations.iloc[:0, : len(NAMES) + 1]
        w.table.forget_history()
        w.overlap = overlap
        w.send = self.tell  # type: ignore[method-assign]
        self.views = [View("one"), View("two")]
        self.past = [self.w.annotations]
        self.at = 0

    def tell(self, message: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        travelled = json.loads(json.dumps(message, allow_nan=False))
        for view in self.views:
            view.down.append((travelled, list(buffers or [])))

    def take_up(self, view: View) -> None:
        message = view.up.pop(0)
        is_step = message["type"] == "history"
        self.watch(lambda: self.w._handle_custom_msg(message, []), is_step)

    def watch(self, act: Callable[[], object], is_step: bool) -> None:
        """Let something happen to the table, and hold it against what there was."""
        revision = self.w.table.revision
        try:
            act()
        except (AnnotationError, ParameterError):
            assert self.w.table.revision == revision
        if self.w.table.revision > revision and not is_step:
            self.at += 1
            del self.past[self.at :]
            self.past.append(self.w.annotations)
        history = self.w.table.history_json(1000)
        at = history["at"]
        assert len(history["entries"]) == len(self.past) - 1
        assert at == self.at or is_step
        self.at = at
        now, then = self.w.annotations, self.past[at]
        if not (now.equals(then) and now.dtypes.equals(then.dtypes)):
            assert_frame_equal(now, then)

    def settle(self) -> None:
        """Until no message is on its way, and none is missing."""
        while any(view.up or view.down for view in self.views):
            for view in self.views:
                while view.up:
                    self.take_up(view)
            for view in self.views:
                while view.down:
                    view.hear(*view.down.pop(0))
                if view.early:
                    view.ask()

    def check(self) -> None:
        rows = self.w.table.rows()
        for view in self.views:
            assert view.pending == []
            assert view.rev == self.w.table.revision
            assert view.filled() == rows


@pytest.fixture(scope="module")
def w() -> Iterator[SpecWidget]:
    """A widget that soon sends all rows in the place of a patch."""
    sound = np.zeros((2, 10_000), dtype=np.float32)
    made = SpecWidget(sound, sr=1000, extra_columns={"count": int})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routing, "_LARGEST_PATCH", 4)
        yield made
    made.close()


class Hands:
    """Whoever does something at random: mostly what makes sense, and now and then what does not."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def chance(self, of: float) -> bool:
        return self.random.random() < of

    def pick(self, choices: Any) -> Any:
        return self.random.choice(list(choices))

    def times(self) -> dict[str, float]:
        start = self.random.randrange(160) / 16
        return {"start": start, "end": min(10.0, start + self.random.randrange(40) / 16)}

    def cells(self) -> dict[str, Any]:
        every = {
            "label": self.pick(["song", "call", ""]),
            "low_freq": self.pick([None, 10, 90]),
            "score": self.pick([None, 0.5, self.random.random()]),
            "tier": self.pick(["", "", "x"]),
            "note": self.pick(["", "?", "a\tb"]),
            "count": self.pick([None, 3, 9]),
            "channel": self.pick([None, 0, 1, 7 if self.chance(0.05) else 0]),
        }
        return {name: cell for name, cell in every.items() if self.chance(0.4)}

    def ops(self, view: View) -> list[dict[str, Any]]:
        return [self.op(view) for _ in range(self.pick([1, 1, 1, 2, 3, 8]))]

    def op(self, view: View) -> dict[str, Any]:
        ids = [row["id"] for row in view.rows] or ["nobody"]
        id = "nobody" if self.chance(0.03) else self.pick(ids)
        kind = self.random.random()
        if kind < 0.45 or len(ids) < 3:
            view.serial += 1
            row = {"id": f"{view.name}{view.serial}", **self.times(), **self.cells()}
            return {"op": "add", "row": row}
        if kind < 0.6:
            return {"op": "remove", "id": id}
        cells = self.times() if kind < 0.8 else self.cells()
        return {"op": "update", "id": id, "set": cells or {"note": "!"}}

    def edit(self, w: SpecWidget) -> None:
        """Change the annotations from Python."""
        ids = w.annotations["id"].tolist()
        some = self.random.sample(ids, min(len(ids), self.pick([0, 1, 2, 2, 6])))
        time = self.times()["start"]
        match self.random.randrange(12):
            case 0 | 1:
                w.add(**self.times(), **self.cells())
            case 2:
                w.remove(some)
            case 3:
                rows = pd.DataFrame([{**self.times(), "label": "x"} for _ in range(3)])
                w.annotations = pd.concat([w.annotations.astype(object), rows.astype(object)])
            case 4:
                w.annotations = w.annotations.assign(mood=self.pick(["glad", "sad"]))
            case 5:
                frame = w.annotations.drop(columns="mood", errors="ignore")
                w.annotations = frame.iloc[:: self.pick([1, 2, -1])]
            case 6:
                inside = w.annotations.query("start < @time < end")["id"]
                w.split(inside, time)
            case 7:
                w.merge(some)
            case 8:
                w.nudge(some, self.pick([-1.0, 0.25, 30.0]))
            case 9:
                w.paste(w.copy(some), at=time)
            case 10:
                w.relabel({"song": "call", "call": "song"})
            case 11:
                w.move_boundary(time)

    def step(self, w: SpecWidget) -> None:
        """Go through the history from Python."""
        if self.chance(0.5):
            w.undo(self.pick([1, 1, 2, 3]))
        elif self.chance(0.5):
            w.redo(self.pick([1, 2]))
        else:
            w.goto(self.random.randrange(len(w.history) + 2))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, 2**32), st.sampled_from(["allow", "forbid", "trim"]))
def test_all_end_up_equal_and_every_step_is_exact(w: SpecWidget, seed: int, overlap: str) -> None:
    world, hands = World(w, overlap), Hands(seed)
    for _ in range(60):
        view = hands.pick(world.views)
        event = hands.random.random()
        if event < 0.3 and view.up:
            world.take_up(view)
        elif event < 0.6 and view.down:
            view.hear(*view.down.pop(hands.random.randrange(min(3, len(view.down)))))
            if view.early:
                view.ask()
        elif event < 0.75:
            view.edit(hands.ops(view))
        elif event < 0.85:
            action = hands.pick(["undo", "undo", "redo", "goto"])
            view.step(action, hands.random.randrange(9) if action == "goto" else None)
        elif event < 0.97:
            world.watch(partial(hands.edit, w), is_step=False)
        else:
            world.watch(partial(hands.step, w), is_step=True)
    world.settle()
    world.check()
    steps = list(range(len(world.past)))
    hands.random.shuffle(steps)
    for step in steps:
        world.watch(partial(w.goto, step), is_step=True)
        assert world.at == step
    world.settle()
    world.check()
