"""What benchmarks share: recordings, written once, and what else the machine is doing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from recordings import Recordings, recorded


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recordings]:
    given = os.environ.get("BENCH_RECORDINGS")
    folder = Path(given) if given else tmp_path_factory.mktemp("recordings")
    yield lambda suffix, seconds: recorded(folder, suffix, seconds)
    if not given:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def load() -> None:
    print(f"\nload of the last minute: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
