"""Keys: the defaults, and what may be changed of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from specwidget import SpecWidget
from specwidget.errors import ParameterError, ParameterTypeError
from specwidget.keymap import combination, default_keymap


@pytest.fixture(scope="module")
def widget() -> Any:
    made = SpecWidget(np.zeros(100), sr=100)
    yield made
    made.close()


def test_the_defaults_are_written_as_keys_are_and_bound_once() -> None:
    keys = [key for keys in default_keymap().values() for key in keys]
    assert [combination(key) for key in keys] == keys
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("b", "b"),
        ("B", "b"),
        ("Shift+B", "Shift+b"),
        ("shift + ctrl+Alt+x", "Mod+Alt+Shift+x"),
        ("cmd+ArrowLeft", "Mod+ArrowLeft"),
        ("pagedown", "PageDown"),
        (" ", "Space"),
        ("+", "+"),
        ("Mod++", "Mod++"),
        ("Mod+", "Mod++"),
        ("?", "?"),
        ("é", "é"),
    ],
)
def test_combinations(text: str, key: str) -> None:
    assert combination(text) == key


@pytest.mark.parametrize("text", ["", "bb", "Hyper+b", "Shift+?", "Shift+1", "\n", "Mod"])
def test_no_combinations(text: str) -> None:
    with pytest.raises(ParameterError, match="^keymap"):
        combination(text)


def test_changes_have_one_form(widget: SpecWidget) -> None:
    widget.keymap = {"split": "Ctrl+K", "loop": None, "merge": ["j", "J", "Alt+j"]}
    assert widget.keymap == {"split": ["Mod+k"], "loop": [], "merge": ["j", "Alt+j"]}
    widget.keymap = {"split": "l", "loop": "s"}
    assert widget.keymap == {"split": ["l"], "loop": ["s"]}
    widget.keymap = {}


@pytest.mark.parametrize(
    ("keymap", "error", "words"),
    [
        ({"slit": "k"}, ParameterError, "did you mean 'split'"),
        ({"xyzzy": "k"}, ParameterError, "there are play"),
        ({"split": "l"}, ParameterError, "'l' is wanted for 'split' and stands for 'loop'"),
        ({"split": 3}, ParameterTypeError, "3 is no key"),
        ({"split": "kk"}, ParameterError, "'kk' is no combination"),
        (["split"], ParameterTypeError, "is no dict"),
        ({3: "k"}, ParameterError, "no action 3"),
    ],
)
def test_refused_changes(widget: SpecWidget, keymap: Any, error: type, words: str) -> None:
    before = widget.keymap
    with pytest.raises(error, match="^keymap") as caught:
        widget.keymap = keymap
    assert words in str(caught.value)
    assert widget.keymap == before
