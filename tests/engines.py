"""Both engines, for tests of what holds whichever computes: NumPy's and the compiled one."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from specwidget.transforms import fast

__all__ = ["both_engines", "kernels"]


@pytest.fixture(scope="session")
def kernels() -> ModuleType:
    """The compiled code, loaded, and not in use."""
    pytest.importorskip("numba", reason="the compiled engine needs Numba, of specwidget[fast]")
    fast.enable()
    ready = fast.wait()
    module = fast.kernels()
    fast.disable()
    assert ready and module is not None, "the compiled engine did not load"
    return module


@pytest.fixture(scope="class", params=["numpy", "compiled"])
def both_engines(request: pytest.FixtureRequest) -> Iterator[None]:
    """All is computed by one engine, then by the other."""
    if request.param == "compiled":
        request.getfixturevalue("kernels")
        fast.enable()
    else:
        fast.disable()
    yield
    fast.disable()
