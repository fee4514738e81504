"""The first notebook says nothing that does not come out when it is run."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

PATH = Path(__file__).parents[1] / "notebooks" / "01_label_a_recording.ipynb"
SHOWN = {"application/vnd.jupyter.widget-view+json", "image/png"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the notebook runs, and leaves its file."""
    return tmp_path_factory.mktemp("first_notebook")


@pytest.fixture(scope="module")
def cells(folder: Path) -> dict[str, nbformat.NotebookNode]:
    """Its cells by id, after a run."""
    notebook = nbformat.read(PATH, as_version=nbformat.NO_CONVERT)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute()
    return {cell.id: cell for cell in notebook.cells}


def said(cell: nbformat.NotebookNode) -> str:
    """What a cell printed and showed as text."""
    return "".join(
        output.get("text", "") + output.get("data", {}).get("text/plain", "")
        for output in cell.outputs
    )


def test_is_of_the_format_that_names_its_cells() -> None:
    notebook = nbformat.read(PATH, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert set(notebook.metadata) == {"kernelspec"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert not any(cell.metadata for cell in notebook.cells)


@pytest.mark.parametrize(
    "name", ["show-words", "show-soundscape", "show-truth", "own-file", "own-array"]
)
def test_every_widget_is_shown_with_its_picture(
    name: str, cells: dict[str, nbformat.NotebookNode]
) -> None:
    assert set(cells[name].outputs[-1].data) >= SHOWN


def test_the_numbers_are_what_the_text_says(
    cells: dict[str, nbformat.NotebookNode], folder: Path
) -> None:
    assert "velar pinch" in said(cells["annotations"])
    assert said(cells["operations"]) == "after removing: 2 rows\nafter undo:     3 rows\n"
    assert "end" in said(cells["refused"])
    assert "equal to librosa's: True" in said(cells["exact"])
    assert "pitch about 11" in said(cells["clip"])
    assert "3 of 16 sounds found" in said(cells["compare"])
    assert len((folder / "bat_bag_labels.csv").read_text().splitlines()) == 4
