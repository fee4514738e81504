"""Where rows stand, whatever came and went before."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specwidget.annotations import index
from specwidget.annotations.index import RowIndex


def ids_of(names: list[str]) -> np.ndarray:
    array = np.empty(len(names), dtype=object)
    array[:] = names
    return array


@pytest.mark.parametrize("small", [0, 1000])
@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_it_tells_the_place_of_every_row(small: int, seed: int) -> None:
    random = Random(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "_SMALL", small)
        patch.setattr(index, "_MOST_GONE", 5)
        patch.setattr(index, "_FEW", 3)
        names = [f"r{n}" for n in range(random.randrange(12))]
        every, serial = set(names), len(names)
        rows = RowIndex(ids_of(names))
        for _ in range(30):
            before, there = rows, list(names)
            if random.random() < 0.5:
                new = [f"r{serial + n}" for n in range(random.randrange(1, 3))]
                if random.random() < 0.2 and every - set(names):
                    new = [random.choice(sorted(every - set(names)))]
                serial += len(new)
                names = names + new
                rows = rows.extended(ids_of(names))
            else:
                gone = sorted(random.sample(range(len(names)), min(len(names), 2)))
                names = [name for n, name in enumerate(names) if n not in gone]
                rows = rows.without(ids_of(names), np.array(gone, dtype=np.int64))
            every |= set(names)
            asked = [*random.sample(sorted(every), random.randrange(len(every) + 1)), "nobody"]
            for known, now in ((rows, names), (before, there)):
                wanted = [now.index(name) if name in now else -1 for name in asked]
                if random.random() < 0.5:
                    assert known.find(asked).tolist() == wanted
                assert [known.get(name) for name in asked] == [
                    None if place < 0 else place for place in wanted
                ]
                assert [name in known for name in asked] == [place >= 0 for place in wanted]


def test_what_is_no_id_has_no_place() -> None:
    rows = RowIndex(ids_of(["a", "b"]))
    assert rows["b"] == 1
    assert rows.get(None) is None and 1 not in rows
    with pytest.raises(KeyError):
        rows["c"]
