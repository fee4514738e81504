"""What all tests share: how hypothesis behaves, and where real recordings are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from engines import both_engines, kernels  # noqa: F401 (fixtures)
from hypothesis import settings

REPOSITORY = Path(__file__).parents[1]

# A busy machine is slow, not wrong; and what a run of continuous integration tries, it tries again.
settings.register_profile("specwidget", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("specwidget")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real recordings, which are too large, and not ours, to be in the repository."""
    beside = REPOSITORY.parent / "shared" / "data"
    folder = Path(os.environ.get("SPECWIDGET_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"needs real recordings, and there is no {folder} (or set SPECWIDGET_DATA)")
    return folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What is quick comes first, and tells more exactly what is wrong."""
    items.sort(key=lambda item: "e2e" in item.path.parts)
