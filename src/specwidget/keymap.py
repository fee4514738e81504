"""Which key does what: the defaults, from the file that the front end reads too, and changes.

Invariant: one combination of keys names at most one action, and is written in one way: "Mod"
(Control, or Command on a Mac), "Alt" and "Shift" in this order, then a letter in lower case, a
sign, or the name of a key.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

import traitlets

from specwidget._check import shown
from specwidget.errors import ParameterError, ParameterTypeError

__all__ = ["Keymap", "combination", "default_keymap"]

_MODIFIERS: Final = {
    "mod": "Mod",
    "ctrl": "Mod",
    "control": "Mod",
    "cmd": "Mod",
    "command": "Mod",
    "meta": "Mod",
    "alt": "Alt",
    "option": "Alt",
    "shift": "Shift",
}
_ORDER: Final = ("Mod", "Alt", "Shift")
_NAMED: Final = {
    name.lower(): name
    for name in (
        "Space Enter Tab Escape Delete Backspace Insert Home End PageUp PageDown "
        "ArrowLeft ArrowRight ArrowUp ArrowDown F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12"
    ).split()
}


@cache
def default_keymap() -> Mapping[str, tuple[str, ...]]:
    """Give the actions there are, and the keys that name them.

    Returns
    -------
    Mapping
        Action -> combinations of keys.
    """
    text = (resources.files("specwidget") / "keymap.json").read_text(encoding="utf-8")
    return {action: tuple(entry["keys"]) for action, entry in json.loads(text).items()}


def combination(text: object) -> str:
    """Read a combination of keys, such as ``"Ctrl+Shift+Z"``.

    Parameters
    ----------
    text : str

    Returns
    -------
    str
        As the front end writes it: ``"Mod+Shift+z"``.

    Raises
    ------
    ParameterError, ParameterTypeError
        If no key press could be it.

    Examples
    --------
    >>> combination("ctrl+shift+Z")
    'Mod+Shift+z'
    """
    if not isinstance(text, str):
        raise ParameterTypeError(f"keymap: {shown(text)} is no key; give a text such as 'Mod+b'")
    stem, key = (text[:-1], "+") if text.endswith("+") else text.rpartition("+")[::2]
    modifiers = {_MODIFIERS.get(part.strip().lower()) for part in stem.split("+") if part}
    is_letter = len(key) == 1 and key.lower() != key.upper()
    if len(key) == 1 and key.isprintable():
        key = "Space" if key == " " else key.lower()
    else:
        key = _NAMED.get(key.strip().lower(), "")
    if not key or None in modifiers:
        raise ParameterError(
            f"keymap: {text!r:.60} is no combination of keys; write it as 'b', 'Mod+Shift+b', "
            f"'?' or with one of {', '.join(_NAMED.values())}"
        )
    if "Shift" in modifiers and len(key) == 1 and not is_letter:
        raise ParameterError(
            f"keymap: {text!r:.60} is typed as another sign; write that sign alone, such as '?'"
        )
    return "+".join([name for name in _ORDER if name in modifiers] + [key])


class Keymap(traitlets.TraitType[Any, Any]):
    """Keys that differ from the default: action -> key, list of keys, or None for none."""

    def make_dynamic_default(self) -> dict[str, list[str]]:
        """Return a dict of its own for each widget."""
        return {}

    def validate(self, obj: Any, value: Any) -> dict[str, list[str]]:
        """Return the keys of each action as a list."""
        if not isinstance(value, Mapping):
            raise ParameterTypeError(
                f"{self.name}={shown(value)} is no dict; give actions and keys, such as "
                "{'split': 'k', 'merge': ['j', 'Mod+j'], 'loop': None}"
            )
        defaults = default_keymap()
        changed = {str(action): _keys(action, keys) for action, keys in value.items()}
        owner: dict[str, str] = {}
        for action, keys in {**defaults, **changed}.items():
            for key in keys:
                if key in owner and owner[key] != action:
                    first, second = sorted((owner[key], action), key=lambda name: name in changed)
                    raise ParameterError(
                        f"{self.name}: {key!r} is wanted for {second!r} and stands for {first!r}; "
                        f"give {first!r} another key as well, or None"
                    )
                owner[key] = action
        return changed


def _keys(action: object, keys: object) -> list[str]:
    defaults = default_keymap()
    if action not in defaults:
        near = difflib.get_close_matches(str(action), defaults, n=1)
        way_out = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(defaults)}"
        raise ParameterError(f"keymap: there is no action {shown(action)}; {way_out}")
    if keys is None:
        return []
    listed = [keys] if isinstance(keys, str) or not isinstance(keys, Iterable) else list(keys)
    return list(dict.fromkeys(combination(key) for key in listed))
