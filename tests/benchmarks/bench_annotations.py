"""What annotations cost by the 100,000: to send, to edit, to remember.

What is compared runs in turn, several rounds, and medians are taken: trust the ratios, and them
only on a machine that does nothing else. Nothing here passes or fails. Run by `make bench`.
"""

from __future__ import annotations

import json
import statistics
import time
import tracemalloc
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from specwidget.annotations import AnnotationTable, LabelSet, Policy
from specwidget.annotations.packing import pack
from specwidget.annotations.shaping import nudge, relabel

N = 100_000
ROUNDS = 7


def predictions() -> pd.DataFrame:
    """What a model says of a day: nothing overlaps."""
    rng = np.random.default_rng(0)
    start = np.arange(N) * 0.86
    return pd.DataFrame(
        {
            "start": start,
            "end": start + rng.uniform(0.05, 0.8, N),
            "label": rng.choice(["song", "call", "rain"], N),
            "score": rng.uniform(0, 1, N),
            "source": "model",
        }
    )


def table_of(rows: pd.DataFrame, overlap: Policy = "allow") -> AnnotationTable:
    labels = LabelSet.parse(None)
    table = AnnotationTable("day.flac", 86_400.0, 1, 22_050.0, labels, overlap=overlap)
    table.replace(rows)
    return table


def medians(jobs: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Return the milliseconds that each job takes, all run in turn."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(ROUNDS):
        for name, job in jobs.items():
            began = time.perf_counter()
            job()
            times[name].append(time.perf_counter() - began)
    return {name: 1e3 * statistics.median(took) for name, took in times.items()}


def shown(took: dict[str, float]) -> str:
    return ", ".join(f"{name} {ms:.2f} ms" for name, ms in took.items())


def test_sending() -> None:
    """Print what all rows cost to write as they travel, beside JSON."""
    table = table_of(predictions())

    def packed() -> tuple[int, int]:
        columns, buffers = pack(table.snapshot()["columns"])
        return len(json.dumps(columns)), sum(map(len, buffers))

    def plain() -> int:
        return len(json.dumps(table.snapshot()["columns"].to_json()))

    took = medians({"packed": packed, "JSON": plain})
    text, binary = packed()
    size = f"{text / 1e6:.1f} MB of JSON and {binary / 1e6:.1f} MB of numbers"
    print(f"\n{N} rows: {shown(took)}; {size} beside {plain() / 1e6:.1f} MB of JSON")


def test_editing() -> None:
    """Print what one edit costs among many, by policy, and what one of all rows costs."""
    tables = {policy: table_of(predictions(), policy) for policy in ("allow", "forbid", "trim")}
    serial = iter(range(10**9))

    def move(table: AnnotationTable, ids: list[str]) -> None:
        id = ids[next(serial)]
        table.apply([{"op": "update", "id": id, "set": {"note": str(next(serial))}}])
        table.apply([{"op": "update", "id": id, "set": {"end": table.row(id)["end"] + 1e-3}}])

    def come_and_go(table: AnnotationTable) -> None:
        [id] = table.apply([{"op": "add", "row": {"start": 0.81, "end": 0.85}}]).ids
        table.remove_rows([id])

    jobs: dict[str, Callable[[], object]] = {}
    for policy, table in tables.items():
        jobs[f"{policy}: a note and a move"] = partial(move, table, table.ids())
        jobs[f"{policy}: come and go"] = partial(come_and_go, table)
    print(f"\nedits among {N} rows: {shown(medians(jobs))}")
    table = tables["allow"]
    one = predictions().assign(id=table.ids())

    def assign() -> None:
        one.loc[next(serial) % N, "label"] = "other"
        table.replace(one)

    plans = {
        "nudge all": lambda: table.revise(partial(nudge, by=0.001, freq=0.0, edge=None)),
        "relabel all": lambda: table.revise(partial(relabel, label=str(next(serial)))),
        "undo": table.undo,
        "assign with one change": assign,
    }
    print(f"all {N} rows: {shown(medians(plans))}")


def test_remembering() -> None:
    """Print how large a step of the history is."""
    table = table_of(predictions().iloc[:200])
    ids = table.ids()
    steps = 10_000
    tracemalloc.start()
    for step in range(steps):
        end = 0.86 * (step % 200) + 0.05 + 1e-6 * step
        table.update_row(ids[step % 200], end=end)
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    took = medians({"there and back 100 steps": lambda: (table.undo(100), table.redo(100))})
    print(f"\nhistory: {size / steps:.0f} bytes a step, {shown(took)}")
