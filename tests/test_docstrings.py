"""Every example in a docstring runs, and gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import specwidget

MODULES = [
    importlib.import_module(found.name)
    for found in pkgutil.walk_packages(specwidget.__path__, "specwidget.")
]
EXAMPLES = [
    test for module in [specwidget, *MODULES] for test in doctest.DocTestFinder().find(module)
]


@pytest.mark.parametrize("test", [t for t in EXAMPLES if t.examples], ids=lambda test: test.name)
def test_example(test: doctest.DocTest) -> None:
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    told: list[str] = []
    runner.run(test, out=told.append)
    assert runner.failures == 0, "".join(told)


@pytest.mark.parametrize("name", specwidget.__all__)
def test_public_names_are_described(name: str) -> None:
    public = getattr(specwidget, name)
    assert (public.__doc__ or "").strip()
    if isinstance(public, ModuleType):
        return
    methods = [m for m in vars(public) if not m.startswith("_")] if isinstance(public, type) else []
    for method in methods:
        member = vars(public)[method]
        if callable(member) or isinstance(member, property):
            assert (getattr(public, method).__doc__ or "").strip(), f"{name}.{method}"
