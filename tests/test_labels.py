"""The label set: what is read, what is chosen, what is refused."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from specwidget.annotations import PALETTE, Label, LabelSet
from specwidget.errors import ParameterError, ParameterTypeError


def _linear(color: str) -> np.ndarray:
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def _luminance(color: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    return float(_linear(color) @ [0.2126, 0.7152, 0.0722])


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


# Machado, Oliveira and Fernandes (2009), severity 1.0, for linear RGB.
EYES = {
    "normal": np.eye(3),
    "protanopia": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deuteranopia": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritanopia": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)


def _lab(color: str, eye: np.ndarray) -> np.ndarray:
    xyz = TO_XYZ @ np.clip(eye @ _linear(color), 0, 1) / [0.95047, 1, 1.08883]
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_the_palette_is_long_enough() -> None:
    assert len(set(PALETTE)) == len(PALETTE) >= 12


@pytest.mark.parametrize("color", PALETTE)
@pytest.mark.parametrize("background", ["#ffffff", "#111111"])
def test_the_palette_can_be_seen_on_both_themes(color: str, background: str) -> None:
    assert _contrast(color, background) >= 3.0


@pytest.mark.parametrize("eye", EYES.values(), ids=EYES)
def test_the_colors_stay_apart(eye: np.ndarray) -> None:
    """CIE76 differences; about 2.3 is the least that is noticed."""
    for one, other in combinations(PALETTE, 2):
        assert np.linalg.norm(_lab(one, eye) - _lab(other, eye)) > 12


def test_names() -> None:
    labels = LabelSet.parse(["song", "call", "rain"])
    assert labels.names == ("song", "call", "rain")
    assert [label.color for label in labels] == list(PALETTE[:3])
    assert [label.key for label in labels] == ["1", "2", "3"]
    assert not labels.open
    assert "song" in labels
    assert "sing" not in labels
    assert labels["call"] == labels[1] == Label("call", PALETTE[1], "2")
    assert len(labels) == 3
    assert labels.to_json()[0] == {
        "name": "song",
        "color": PALETTE[0],
        "key": "1",
        "group": None,
    }


def test_more_labels_than_keys_and_colors() -> None:
    labels = LabelSet.parse([f"label {n}" for n in range(30)])
    assert [label.key for label in labels[:10]] == [*"123456789", None]
    assert {label.color for label in labels} == set(PALETTE)


def test_members_that_are_given_are_kept_and_the_rest_keeps_clear_of_them() -> None:
    labels = LabelSet.parse(
        [
            "a",
            {"name": "b", "color": PALETTE[0], "key": "1"},
            {"name": "c", "key": None},
            {"name": "d", "color": "#ABC", "key": 3},
            {"name": "e", "color": None},
            Label("f", "#FF0000"),
        ]
    )
    assert [label.key for label in labels] == ["2", "1", None, "3", "4", None]
    assert labels["b"].color == PALETTE[0] != labels["a"].color
    assert labels["d"].color == "#aabbcc"
    assert labels["f"].color == "#ff0000"
    assert len({label.color for label in labels}) == 6


def test_any_letter_or_digit_can_be_a_key_and_only_digits_are_given() -> None:
    labels = LabelSet.parse(
        [{"name": "a", "key": "B"}, {"name": "b", "key": 0}, {"name": "c", "key": "é"}, "d"]
    )
    assert [label.key for label in labels] == ["b", "0", "é", "1"]


def test_groups() -> None:
    labels = LabelSet.parse(
        [
            {"name": "song", "group": "birds"},
            "rain",
            {"name": "call", "group": "birds"},
            {"name": "car", "group": None},
        ]
    )
    assert labels.groups == {"birds": ("song", "call"), "": ("rain", "car")}
    assert labels.with_labels(["new"]).groups["birds"] == ("song", "call")
    assert LabelSet.parse(labels.to_json()) == labels


def test_names_with_colors() -> None:
    labels = LabelSet.parse({"song": "#123456", "call": "#abcdef"})
    assert labels.to_json() == [
        {"name": "song", "color": "#123456", "key": "1", "group": None},
        {"name": "call", "color": "#abcdef", "key": "2", "group": None},
    ]


@pytest.mark.parametrize(
    "names", [("b", "a"), np.array(["b", "a"]), pd.Series(["b", "a"]), iter(["b", "a"])]
)
def test_any_iterable_of_names(names: Any) -> None:
    labels = LabelSet.parse(names)
    assert labels.names == ("b", "a")
    assert all(type(name) is str for name in labels.names)


def test_a_python_set_has_no_order_of_its_own() -> None:
    assert LabelSet.parse({"c", "a", "b"}).names == ("a", "b", "c")


def test_open_and_closed() -> None:
    assert LabelSet.parse(None).open
    assert not LabelSet.parse(None, open=False).open
    assert LabelSet.parse([], open=True).open
    assert not LabelSet.parse([]).open
    closed = LabelSet.parse(["a"])
    assert LabelSet.parse(closed) is closed
    assert LabelSet.parse(closed, open=True).open
    assert LabelSet.parse(closed, open=True) != closed


def test_new_labels() -> None:
    labels = LabelSet.parse(["a", "b"], open=True)
    more = labels.with_labels(["c", "a", "c", "d"])
    assert more.names == ("a", "b", "c", "d")
    assert [label.key for label in more] == ["1", "2", "3", "4"]
    assert len({label.color for label in more}) == 4
    assert more.open
    assert labels.names == ("a", "b")
    assert labels.with_labels(["a", "b"]) is labels
    assert more == LabelSet.parse(["a", "b", "c", "d"], open=True)
    assert hash(more) == hash(LabelSet.parse(["a", "b", "c", "d"], open=True))
    assert repr(labels) == "LabelSet(['a', 'b'], open=True)"


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ("song", "give a list of names"),
        (b"song", "give a list of names"),
        (5, "5, of type int"),
        ([1], "an entry is 1, of type int"),
        ([None], "an entry is None"),
        ([("a", "#123456")], "of type tuple"),
        ([{"name": 7}], "a name is 7"),
        ({7: "#123456"}, "a name is 7"),
        ({"a": 7}, "the color of 'a' is 7"),
        ([{"name": "a", "key": 1.5}], "the key of 'a' is 1.5"),
        ([{"name": "a", "group": 3}], "a group is 3"),
    ],
)
def test_wrong_types(labels: Any, words: str) -> None:
    with pytest.raises(ParameterTypeError, match=r"^labels") as caught:
        LabelSet.parse(labels)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (["a", "b", "a"], "the name 'a' is there twice"),
        ([""], "1 to 256 characters"),
        (["x" * 257], "1 to 256 characters"),
        (["\ud800"], "cannot be a name"),
        ([{"name": "a", "color": "red"}], "write it as '#rrggbb'"),
        ([{"name": "a", "color": "#12345"}], "write it as '#rrggbb'"),
        ([{"name": "a", "color": "#12345g"}], "write it as '#rrggbb'"),
        ([{"name": "a", "color": "#123456\n"}], "write it as '#rrggbb'"),
        ([{"name": "a", "key": "12"}], "one letter or digit"),
        ([{"name": "a", "key": ""}], "one letter or digit"),
        ([{"name": "a", "key": "?"}], "one letter or digit"),
        ([{"name": "a", "key": " "}], "one letter or digit"),
        ([{"name": "a", "key": "\u0130"}], "one letter or digit"),
        ([{"name": "a", "key": "b"}, {"name": "b", "key": "B"}], "the key 'b' is there twice"),
        ([{"name": "a", "group": ""}], "'' cannot be a group"),
        ([{"name": "a", "key": "1"}, {"name": "b", "key": 1}], "the key '1' is there twice"),
        ([{"color": "#123456"}], "it has a 'name'"),
        ([{}], "it has a 'name'"),
        ([{"name": "a", "colour": "#123456"}], "'colour'"),
    ],
)
def test_wrong_values(labels: Any, words: str) -> None:
    with pytest.raises(ParameterError, match=r"^labels") as caught:
        LabelSet.parse(labels)
    assert words in str(caught.value)
