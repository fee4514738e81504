"""What a whole process takes: memory, imports, and a picture beside what people do today.

Each is measured in processes of their own, in turn. Nothing here passes or fails. Run by
`make bench`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import textwrap

import pytest
from recordings import DAY, HOUR, Recordings, length

MEASURE = """
import json, sys, time
def memory():
    with open("/proc/self/status") as file:
        lines = dict(line.split(":", 1) for line in file)
    return {name: int(lines[name].split()[0]) / 1024 for name in ("VmHWM", "VmRSS")}
def tell(**values):
    print(json.dumps(values))
"""

OPEN = """
import threading
import specwidget
from specwidget.tiles import first_keys
imported = memory()["VmRSS"]

class Seen(specwidget.SpecWidget):
    waiting = None
    def _tell(self, content, buffers):
        if self.waiting is None or content["type"] != "tile.data":
            return
        for tile in content["tiles"]:
            if tile["exact"]:
                self.waiting.discard((tile["layer"], tile["level"], tile["index"]))
        if content["id"] == "page-1" and content["last"]:
            self.first.set()
        if not self.waiting:
            self.exact.set()

began = time.perf_counter()
w = Seen(sys.argv[1])
w.first, w.exact = threading.Event(), threading.Event()
png = w._repr_mimebundle_()[0]["image/png"]
keys = [(key.layer, key.level, key.index) for key in first_keys(w._info, "all", w.view)]
w.waiting = set(keys)
w._receive(w, {"v": 1, "type": "tiles.get", "id": "page-1", "epoch": 0, "keys": keys and
    [list(key) for key in keys]}, [])
assert w.first.wait(600)
"""

EVERYTHING = """
assert w.exact.wait(3600)
first = first_keys(w._info, "all", (0.0, 5.0))
w.exact.clear(); w.first.clear()
w.waiting = {(key.layer, key.level, key.index) for key in first}
w._receive(w, {"v": 1, "type": "tiles.get", "id": "page-1", "epoch": 0,
    "keys": [list(key) for key in sorted(w.waiting)]}, [])
assert w.first.wait(600)
w.close()
tell(peak=memory()["VmHWM"] - imported)
"""

PICTURE = """
w.close()
open(sys.argv[2], "w").write(png)
tell(peak=memory()["VmHWM"])
"""

LIBROSA = """
import matplotlib
matplotlib.use("agg")
import librosa, librosa.display, matplotlib.pyplot as plt, numpy as np
y, sr = librosa.load(sys.argv[1], sr=None)
D = librosa.amplitude_to_db(np.abs(librosa.stft(y)), ref=np.max)
librosa.display.specshow(D, sr=sr, x_axis="time", y_axis="hz")
plt.savefig(sys.argv[2] + ".png")
tell(peak=memory()["VmHWM"])
"""


def run(code: str, *arguments: str) -> tuple[float, float, dict[str, float]]:
    """Run a script; return its seconds, those of the processor, and what it tells."""
    script = textwrap.dedent(
        """
        import resource, subprocess, sys, time
        began = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", *sys.argv[1:]], capture_output=True, text=True)
        took = time.perf_counter() - began
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        print(done.stdout, end="")
        print(done.stderr, end="", file=sys.stderr)
        print(took, used.ru_utime + used.ru_stime)
        sys.exit(done.returncode)
        """
    )
    command = [sys.executable, "-c", script, MEASURE + code, *arguments]
    # Who develops may have turned compiled modules off; what is installed has them.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    *told, times = done.stdout.strip().splitlines()
    took, worked = (float(number) for number in times.split())
    return took, worked, json.loads(told[-1]) if told else {}


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
@pytest.mark.parametrize(
    ("suffix", "seconds"),
    [("wav", 10.0), ("wav", 600.0), ("wav", HOUR), ("flac", HOUR), ("mp3", HOUR), ("wav", DAY)],
)
def test_peak_memory(recordings: Recordings, suffix: str, seconds: float) -> None:
    """Print what is needed over the imports until all of a recording is exact."""
    path = str(recordings(suffix, seconds))
    _, _, told = run(OPEN + EVERYTHING, path)
    name = f"{suffix} {length(seconds)}"
    print(f"\npeak memory over the imports, {name}: {told['peak']:.0f} MB (target <= 150)")


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_beside_librosa(recordings: Recordings, tmp_path: object) -> None:
    """Print a whole process that draws ten minutes; ours also has its first tiles."""
    path, out = str(recordings("wav", 600.0)), f"{tmp_path}/picture"
    theirs, ours = [], []
    for _ in range(2):
        theirs.append(run(LIBROSA, path, out))
        ours.append(run(OPEN + PICTURE, path, out))
    slow, quick = (statistics.median(took for took, _, _ in rows) for rows in (theirs, ours))
    much, little = (
        statistics.median(told["peak"] for _, _, told in rows) for rows in (theirs, ours)
    )
    print(
        f"\nten minutes, whole process: librosa.load + stft + specshow + savefig {slow:.1f} s and "
        f"{much:.0f} MB; specwidget's still picture and first tiles {quick:.2f} s and "
        f"{little:.0f} MB: x {slow / quick:.0f} (target >= 50), "
        f"1/{much / little:.0f} of the memory (target 1/20)"
    )


def test_imports() -> None:
    codes = {"specwidget": "import specwidget", "pandas, anywidget": "import pandas, anywidget"}
    worked: dict[str, list[float]] = {name: [] for name in codes}
    for code in codes.values():
        run(code)
    for _ in range(7):
        for name, code in codes.items():
            worked[name].append(run(code)[1])
    ours, theirs = (statistics.median(times) for times in worked.values())
    print(
        f"\nimport specwidget {ours * 1e3:.0f} ms of the processor; import pandas, anywidget "
        f"{theirs * 1e3:.0f}: x {ours / theirs:.2f} (target <= 1.3)"
    )
