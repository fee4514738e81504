"""Traits and messages from several threads at once, without a browser."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from specwidget import MelSpectrogram, SpecWidget, Stft

SR = 8000
WAIT = 30


class Sent:
    """What a widget tells its views; `on_echo` is called before each echo of what a view wrote."""

    def __init__(self, widget: SpecWidget) -> None:
        self.messages: list[dict[str, Any]] = []
        self.on_echo: Callable[[], None] = lambda: None
        widget.comm.send = self._take

    def _take(self, data: dict[str, Any], buffers: object = None) -> None:
        if data["method"] == "echo_update":
            self.on_echo()
        self.messages.append(data)

    def states(self, name: str) -> list[Any]:
        """The values of a trait that were sent of the widget's own accord."""
        updates = (m["state"] for m in self.messages if m["method"] == "update")
        return [state[name] for state in updates if name in state]

    @property
    def custom(self) -> list[dict[str, Any]]:
        return [m["content"] for m in self.messages if m["method"] == "custom"]


@pytest.fixture
def widget() -> Iterator[SpecWidget]:
    made = SpecWidget(np.zeros(4 * SR, np.float32), SR, labels=["song", "call"])
    yield made
    made.close()


@pytest.fixture
def sent(widget: SpecWidget) -> Sent:
    return Sent(widget)


def elsewhere(work: Callable[[], object]) -> None:
    """Do something on another thread, and wait for its end."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as problem:
            raised.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(WAIT)
    assert not thread.is_alive(), "it waits for this thread"
    if raised:
        raise raised[0]


def all_at_once(*jobs: Callable[[], object]) -> None:
    start = threading.Barrier(len(jobs))
    threads = []
    raised: list[BaseException] = []

    def run(job: Callable[[], object]) -> None:
        try:
            start.wait(WAIT)
            job()
        except BaseException as problem:
            raised.append(problem)

    for job in jobs:
        threads.append(threading.Thread(target=run, args=(job,)))
        threads[-1].start()
    for thread in threads:
        thread.join(WAIT)
        assert not thread.is_alive()
    assert not raised, raised


def set_elsewhere(widget: SpecWidget, **traits: Any) -> None:
    elsewhere(lambda: [setattr(widget, name, value) for name, value in traits.items()])


def test_what_one_thread_holds_back_holds_no_other_back(widget: SpecWidget, sent: Sent) -> None:
    with widget.hold_sync():
        widget.height = 500
        set_elsewhere(widget, colormap="gray")
        assert sent.states("colormap") == ["gray"]
        assert sent.states("height") == []
    assert sent.states("height") == [500]
    assert sent.states("colormap") == ["gray"]


def test_traits_are_checked_and_told_while_a_view_writes_others(
    widget: SpecWidget, sent: Sent
) -> None:
    heard: list[Any] = []
    widget.observe(lambda change: heard.append(change["new"]), "view")
    set_trait = widget.set_trait

    def set_slowly(name: str, value: Any) -> None:
        set_elsewhere(widget, view=(1, 99))
        set_trait(name, value)

    widget.set_trait = set_slowly  # type: ignore[method-assign]
    widget.set_state({"selected": ["a"], "height": 300})
    assert widget.view == (1.0, 4.0)
    assert heard == [(1.0, 4.0)]
    assert sent.states("view") == [(1.0, 4.0)]
    assert (widget.selected, widget.height) == (["a"], 300)


def test_a_view_is_not_told_what_it_wrote_itself(widget: SpecWidget, sent: Sent) -> None:
    widget.observe(lambda _: elsewhere(lambda: widget.set_state({"loop": True})), "selected")
    widget.set_state({"selected": ["a"], "view": [1.0, 2.0], "height": 300})
    assert widget.view == (1.0, 2.0)
    for name in ("selected", "view", "height", "loop"):
        assert sent.states(name) == []


def test_when_python_and_a_view_write_at_once_the_view_hears_what_holds(
    widget: SpecWidget, sent: Sent
) -> None:
    sent.on_echo = lambda: set_elsewhere(widget, view=(2, 3))
    widget.set_state({"view": [1.0, 2.0]})
    assert widget.view == (1.0, 2.0)
    assert sent.states("view") == [(2.0, 3.0), (1.0, 2.0)]


def test_transforms_from_several_threads_end_in_one(widget: SpecWidget, sent: Sent) -> None:
    def change(*transforms: Any) -> Callable[[], None]:
        def run() -> None:
            for transform in transforms * 10:
                widget.transform = transform

        return run

    epochs: list[int] = []
    widget.observe(lambda change: epochs.append(change["new"]["epoch"]), "_info")
    all_at_once(
        change(Stft(n_fft=256), Stft(n_fft=512)),
        change(MelSpectrogram(n_mels=20), MelSpectrogram(n_mels=30)),
    )
    assert widget.recording.transform == widget.transform
    assert widget._transform == widget.transform.to_json()
    assert sent.states("_transform")[-1] == widget._transform
    assert widget._info["epoch"] == widget.recording.epoch == sent.states("_info")[-1]["epoch"]
    assert len(set(epochs)) == len(epochs)


def test_revisions_are_told_in_order_whoever_changes(widget: SpecWidget, sent: Sent) -> None:
    def by_hand() -> None:
        for i in range(100):
            row = {"id": f"m{i}", "start": 0.0, "end": 1.0, "label": "song"}
            ask = {"v": 1, "type": "edit", "base_rev": 0, "ops": [{"op": "add", "row": row}]}
            widget._handle_custom_msg({**ask, "id": f"p-{i}"}, [])

    def by_python() -> None:
        for _ in range(100):
            widget.add(1, 2, "call")

    all_at_once(by_hand, by_python)
    patches = [m for m in sent.custom if m["type"] == "annotations.patch"]
    assert [patch["rev"] for patch in patches] == list(range(1, 201))
    assert [patch["edit_id"] for patch in patches if patch["edit_id"]] == [
        f"p-{i}" for i in range(100)
    ]
    told = [op["row"]["id"] for patch in patches for op in patch["ops"]]
    assert told == widget.annotations["id"].tolist()
    assert widget.revision == sent.states("revision")[-1] == 200


def test_a_kernel_that_would_choose_the_thread_itself_is_told_to_leave_it(
    widget: SpecWidget,
) -> None:
    class Comm:
        comm_id = "one of ipykernel 7.4"
        kernel = None

        def _reply_subshell_for(self, data: object, default: object) -> object:
            return "where it last spoke"

        def on_msg(self, callback: object) -> None: ...

        def close(self) -> None: ...

    widget.comm = Comm()
    assert widget.comm._reply_subshell_for({"method": "custom"}, "what the page says") == (
        "what the page says"
    )


def test_a_kernel_without_that_choice_is_left_alone(widget: SpecWidget) -> None:
    assert not hasattr(widget.comm, "_reply_subshell_for") or (
        widget.comm._reply_subshell_for(None, "x") == "x"
    )
