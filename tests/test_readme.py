"""What README says is so: its lines run, and its files are there."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def test_its_ten_lines_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    [code] = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    sound = np.random.default_rng(0).normal(0, 0.1, 3 * 22050)
    soundfile.write(tmp_path / "recording.wav", sound, 22050)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(code, names)
    labels = pd.read_csv(tmp_path / "labels.csv")
    assert labels["label"].tolist() == ["song"]
    assert labels["high_freq"].tolist() == [8000]


def test_its_files_are_there() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", README):
        assert (ROOT / target).exists(), target
    # A cell of the architecture's tables names files, all of one of the two folders.
    for folder, ending in [("src/specwidget", "py"), ("js/src", "ts")]:
        table = README.partition(f"| In `{folder}/` |")[2].partition("\n\n")[0]
        cells = re.findall(r"^\|([^|]+)\|", table, flags=re.MULTILINE)
        named = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
        assert len(named) > 5
        for name in named:
            assert (ROOT / folder / name).exists(), name
            assert name.endswith((f".{ending}", "/")), name
