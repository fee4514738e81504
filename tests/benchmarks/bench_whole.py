"""How soon a recording of any length is seen, and how soon all of it is exact.

What is compared runs in turn, several rounds, and medians are taken. Times are by the clock; beside
them stands the time of the processor, which other programs disturb less. Nothing here passes or
fails. Run by `make bench`.
"""

from __future__ import annotations

import os
import statistics
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.fft
from recordings import DAY, HOUR, Recordings, length

from specwidget import SpecWidget
from specwidget.audio import open_audio
from specwidget.server import TileAnswer, TileServer
from specwidget.tiles import Tile, TileKey, first_keys, tilesets
from specwidget.transforms import Stft

FIRST = [
    ("wav", 10.0, 30), ("wav", 600.0, 60), ("wav", HOUR, 80), ("wav", DAY, 120),
    ("flac", HOUR, 400), ("ogg", HOUR, 400), ("mp3", HOUR, 400),
]  # fmt: skip
ROUNDS = 7


class Seen(SpecWidget):
    """A widget whose front end is the benchmark."""

    def _tell(self, content: dict[str, Any], buffers: Sequence[bytes | memoryview]) -> None:
        if content.get("id") == "page-1" and content.get("last"):
            self.all_there.set()

    def ask(self) -> None:
        """Ask for what a view asks for first, and wait for it."""
        self.all_there = threading.Event()
        keys = [
            [key.layer, key.level, key.index] for key in first_keys(self._info, "all", self.view)
        ]
        epoch = self._info["epoch"]
        message = {"v": 1, "type": "tiles.get", "id": "page-1", "epoch": epoch, "keys": keys}
        self._receive(self, message, [])
        assert self.all_there.wait(120)


def medians(rows: list[tuple[float, ...]]) -> list[float]:
    """Return the median of every column."""
    return [statistics.median(column) for column in zip(*rows, strict=True)]


def to_first_picture(path: Path) -> tuple[float, ...]:
    """Return the ms to the widget, to its still picture, to its tiles; and of the processor."""
    worked = time.process_time()
    began = time.perf_counter()
    w = Seen(path)
    made = time.perf_counter()
    w._repr_mimebundle_()
    shown = time.perf_counter()
    w.ask()
    seen = time.perf_counter()
    worked = time.process_time() - worked
    w.close()
    return tuple(1e3 * t for t in (made - began, shown - made, seen - shown, seen - began, worked))


def test_first_picture(recordings: Recordings) -> None:
    print("\nkernel work to the first picture at 1200 px, ms: warm, files in the page cache")
    print(f"{'':>10} {'widget':>8} {'still':>8} {'tiles':>8} {'all':>8} {'target':>8} {'proc.':>8}")
    paths = {one: recordings(*one[:2]) for one in FIRST}
    took: dict[Any, list[tuple[float, ...]]] = {one: [] for one in FIRST}
    for path in paths.values():
        to_first_picture(path)
    for _ in range(ROUNDS):
        for one, path in paths.items():
            took[one].append(to_first_picture(path))
    for (suffix, seconds, target), rows in took.items():
        made, shown, seen, whole, worked = (
            statistics.median(column) for column in zip(*rows, strict=True)
        )
        name = f"{suffix} {length(seconds)}"
        cells = [f"{value:.0f}" for value in (made, shown, seen, whole)]
        print(
            " ".join(
                f"{cell:>8}" for cell in [f"{name:>10}", *cells, f"<={target}", f"{worked:.0f}"]
            )
        )


def test_first_picture_from_a_cold_disk(recordings: Recordings) -> None:
    if not hasattr(os, "posix_fadvise"):
        pytest.skip("the page cache cannot be emptied")
    path = recordings("wav", DAY)
    took = []
    for _ in range(3):
        with open(path, "rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        took.append(to_first_picture(path)[3])
    print(f"\na day not in the page cache: {statistics.median(took):.0f} ms to the first picture")


class Exact:
    """The first tiles of a recording, until all are exact; the times of the stages."""

    def __init__(self, path: Path) -> None:
        layers = tilesets(open_audio(path), Stft())
        info = {
            "n_channels": 1,
            "spectrogram": layers["spec/0"].info(),
            "waveform": layers["wave/0"].info(),
        }
        n = info["spectrogram"]
        self.n_frames = n["n_frames"]
        keys = first_keys(info, 0, (0.0, n["n_frames"] * n["hop_length"] / n["sr"]))
        self.waiting = set(keys)
        self.done = threading.Event()
        self.times: dict[str, float] = {}
        worked = time.process_time()
        self.began = time.perf_counter()
        server = TileServer(layers, self.take)
        server.request("page-1", 0, keys)
        assert self.done.wait(3600)
        self.times["exact"] = time.perf_counter() - self.began
        self.worked = time.process_time() - worked
        server.close()

    def take(self, answer: TileAnswer) -> None:
        now = time.perf_counter() - self.began
        if answer.request_id and answer.last:
            self.times["even"] = now
        for key, tile in answer.tiles:
            if tile.guided:
                self.times["guided"] = now
            if tile.exact:
                self.waiting.discard(key)
        if not self.waiting:
            self.done.set()


def bare_ffts(n_frames: int, y: np.ndarray) -> tuple[float, float]:
    """Compute as many FFTs on two threads, and nothing else; seconds, and of the processor."""
    frames = np.lib.stride_tricks.sliding_window_view(y, 2048)[::512]

    def work() -> None:
        buffer = np.empty((64, 2048), np.float32)
        done = 0
        while done < n_frames // 2:
            for start in range(0, min(len(frames), n_frames // 2 - done), 64):
                part = frames[start : start + 64]
                buffer[: len(part)] = part
                scipy.fft.rfft(buffer[: len(part)], axis=1, overwrite_x=True)
            done += len(frames)

    threads = [threading.Thread(target=work) for _ in range(2)]
    worked, began = time.process_time(), time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - began, time.process_time() - worked


@pytest.mark.parametrize(
    ("suffix", "seconds", "rounds"),
    [("wav", 600.0, 5), ("wav", HOUR, 5), ("flac", HOUR, 3), ("mp3", HOUR, 3), ("wav", DAY, 1)],
)
def test_exact_overview(recordings: Recordings, suffix: str, seconds: float, rounds: int) -> None:
    """Print how long it takes until all of a recording is exact: waveform and spectrogram."""
    path = recordings(suffix, seconds)
    y = open_audio(recordings("wav", 600.0)).read(0, 600 * 44100)[0]
    rows = []
    for _ in range(rounds):
        made = Exact(path)
        bare, bare_worked = bare_ffts(made.n_frames, y)
        stages = [made.times.get(stage, float("nan")) for stage in ("even", "guided", "exact")]
        rows.append((*stages, bare, made.times["exact"] / bare, made.worked / bare_worked))
    even, guided, exact, bare, ratio, worked = (
        statistics.median(column) for column in zip(*rows, strict=True)
    )
    target = " (target for WAV <= 1.4)" if seconds == HOUR else ""
    print(
        f"\nexact overview of {suffix} {length(seconds)}, two threads: even {even * 1e3:.0f} ms, "
        f"guided {guided * 1e3:.0f}, exact {exact * 1e3:.0f}; bare FFTs {bare * 1e3:.0f}: "
        f"x {ratio:.2f}{target}; of the processor x {worked:.2f}"
    )


def test_one_tile(recordings: Recordings) -> None:
    """Print what 512 columns of level 0 take: two tiles."""
    print("\n512 columns x 1025 bins of level 0, ms: median, 95th percentile, of the processor")
    layers = {
        suffix: tilesets(open_audio(recordings(suffix, HOUR)), Stft())["spec/0"]
        for suffix in ("wav", "flac", "mp3")
    }
    took: dict[str, list[float]] = {suffix: [] for suffix in layers}
    worked: dict[str, list[float]] = {suffix: [] for suffix in layers}
    rng = np.random.default_rng(0)
    for _ in range(60):
        index = int(rng.integers(600)) * 2
        for suffix, tiles in layers.items():
            began, before = time.perf_counter(), time.thread_time()
            made: list[Tile] = [tiles.tile(TileKey("spec/0", 0, index + k)) for k in (0, 1)]
            took[suffix].append(1e3 * (time.perf_counter() - began))
            worked[suffix].append(1e3 * (time.thread_time() - before))
            assert sum(tile.columns for tile in made) == 512
    for suffix, target in (("wav", 6), ("flac", 12), ("mp3", 12)):
        median, most = np.percentile(took[suffix], [50, 95])
        print(
            f"{suffix:>6} {median:6.1f} {most:6.1f} (target <= {target}) "
            f"{np.percentile(worked[suffix], 95):6.1f}"
        )
