"""The package is built and installed where there is no Node.js, and holds all it needs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

import specwidget

REPOSITORY = Path(__file__).parents[1]

TRY_IT = """
import sys, numpy, specwidget
widget = specwidget.SpecWidget(numpy.zeros(800), 8000)
assert "export" in str(widget._esm) and ".specwidget" in str(widget._css)
print(specwidget.__file__)
"""


@pytest.fixture(scope="module")
def without_node(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment whose PATH leads nowhere."""
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    return {**inherited, "PATH": str(tmp_path_factory.mktemp("bin"))}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources as git has them: without the bundle."""
    folder = tmp_path_factory.mktemp("checkout")
    skipped = shutil.ignore_patterns("static", "node_modules", "__pycache__")
    for name in ("src", "js"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=skipped)
    for name in (".gitignore", "pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy2(REPOSITORY / name, folder)
    return folder


@pytest.fixture(scope="module")
def wheel(checkout: Path, without_node: dict[str, str]) -> Path:
    """The wheel built from a checkout; the hook has to bring Node.js and build the bundle."""
    python("pip", "wheel", "--no-deps", "--wheel-dir=dist", ".", cwd=checkout, env=without_node)
    [built] = (checkout / "dist").glob("*.whl")
    return built


@pytest.fixture(scope="module")
def sdist(wheel: Path, checkout: Path, without_node: dict[str, str]) -> Path:
    python("hatchling", "build", "--target=sdist", cwd=checkout, env=without_node)
    [built] = (checkout / "dist").glob("*.tar.gz")
    return built


def python(module: str, *arguments: str, cwd: Path, env: dict[str, str]) -> str:
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_lock_file_leaves_it_to_npm_where_packages_come_from() -> None:
    lock = json.loads((REPOSITORY / "js" / "package-lock.json").read_text())
    for name, package in lock["packages"].items():
        assert "resolved" not in package
        assert "integrity" in package or name == ""


def test_the_wheel_holds_all_that_is_needed_and_nothing_else(wheel: Path) -> None:
    assert wheel.name == f"specwidget-{specwidget.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        bundle = archive.read("specwidget/static/widget.js").decode()
    data = ("py.typed", "colormaps.json", "keymap.json")
    assert {f"specwidget/{name}" for name in data} <= names
    assert {f"specwidget/static/widget.{ending}" for ending in ("js", "css")} <= names
    assert any(name.startswith("specwidget/samples/") and name.endswith(".flac") for name in names)
    assert any(name.startswith("specwidget/samples/") and name.endswith(".csv") for name in names)
    sources = {
        path.relative_to(REPOSITORY / "src").as_posix()
        for path in (REPOSITORY / "src" / "specwidget").rglob("*.py")
    }
    assert sources == {name for name in names if name.endswith(".py")}
    assert {name.partition("/")[0] for name in names} == {
        "specwidget",
        f"specwidget-{specwidget.__version__}.dist-info",
    }
    assert "sourceMappingURL" not in bundle
    assert wheel.stat().st_size < 1_000_000


def test_the_wheel_works_where_it_is_installed(
    wheel: Path, without_node: dict[str, str], tmp_path: Path
) -> None:
    """In an environment of its own, that sees the packages of this one but not the checkout."""
    python("venv", "--without-pip", "venv", cwd=tmp_path, env=without_node)
    folders = {"base": str(tmp_path / "venv"), "platbase": str(tmp_path / "venv")}
    packages = Path(sysconfig.get_path("purelib", "venv", folders))
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    scripts = Path(sysconfig.get_path("scripts", "venv", folders))
    interpreter = shutil.which("python", path=str(scripts))
    install = ["--python", interpreter, "install", "--no-deps", "--no-index", str(wheel)]
    python("pip", *install, cwd=tmp_path, env=without_node)
    done = subprocess.run(
        [interpreter, "-c", TRY_IT], cwd=tmp_path, env=without_node, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).parent == packages / "specwidget"


def test_the_sdist_holds_the_bundle_and_builds_the_same_wheel(
    wheel: Path, sdist: Path, without_node: dict[str, str], tmp_path: Path
) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"src/specwidget/static/widget.js", "js/package-lock.json", "hatch_build.py"} <= names
    assert not any("node_modules" in name or name.startswith("tests") for name in names)
    options = ["--no-deps", "--no-build-isolation", "--wheel-dir=."]
    python("pip", "wheel", *options, str(sdist), cwd=tmp_path, env=without_node)
    [again] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as first, zipfile.ZipFile(again) as second:
        assert first.namelist() == second.namelist()
        assert first.read("specwidget/static/widget.js") == second.read(
            "specwidget/static/widget.js"
        )
