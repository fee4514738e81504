"""colormaps.json holds matplotlib's colours, byte for byte; both languages read that one file."""

import base64
import json
from importlib import resources

import numpy as np
import pytest

matplotlib = pytest.importorskip("matplotlib")

NAMES = ("viridis", "magma", "inferno", "cividis", "gray")


def stored() -> dict[str, str]:
    text = (resources.files("specwidget") / "colormaps.json").read_text(encoding="utf-8")
    maps: dict[str, str] = json.loads(text)
    return maps


def test_these_colormaps_and_no_reversed_ones_are_stored() -> None:
    assert tuple(stored()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_equal_to_matplotlib(name: str) -> None:
    colors = np.frombuffer(base64.b64decode(stored()[name], validate=True), np.uint8)
    expected = matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :3]
    np.testing.assert_array_equal(colors.reshape(256, 3), expected)
