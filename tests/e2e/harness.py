"""One notebook in JupyterLab, in a real browser, as a test sees it.

Nothing leaves the machine: the browser resolves no host name, and what a page tries to reach is
recorded as a problem, as are its errors. A test with a problem fails, unless it expected it.
"""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from labserver import Kernel, LabServer
from PIL import Image
from playwright.sync_api import BrowserContext, CDPSession, Locator, Page

REPOSITORY = Path(__file__).parents[2]
ARTIFACTS = Path(__file__).parent / "artifacts"

BROWSER_FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    # No name is resolved, so that nothing can leave the machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
SOUND_WITHOUT_A_CLICK = "--autoplay-policy=no-user-gesture-required"

Point = tuple[float, float]

# Resolves to the id of the notebook's kernel, as soon as cells can be run.
NOTEBOOK_READY = """async (path) => {
  const soon = () => new Promise((resolve) => setTimeout(resolve, 20));
  while (!window.jupyterapp) await soon();
  const app = window.jupyterapp;
  await app.restored;
  app.shell.collapseLeft();
  const found = () => [...app.shell.widgets("main")].find((w) => w.context?.path === path);
  while (!found()) await soon();
  window.testedNotebook = found();
  await window.testedNotebook.context.ready;
  await window.testedNotebook.sessionContext.ready;
  const kernel = window.testedNotebook.sessionContext.session.kernel;
  await kernel.info;
  return kernel.id;
}"""


def find_browser() -> str:
    """The Chromium to drive: the one that ``make`` found or brought, else one on PATH."""
    brought = REPOSITORY / ".tools" / "browser"
    names = [str(brought), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    for name in names:
        if found := shutil.which(name):
            return found
    raise RuntimeError(
        "The end-to-end tests need a Chromium, and there is none on PATH. `make test` brings one; "
        "so does `.ci/setup browser .tools`."
    )


class Lab:
    """A notebook, its page and its kernel.

    `page` is Playwright's, for all that is not here. Positions are CSS pixels from the top left
    corner of the element named.
    """

    def __init__(self, server: LabServer, context: BrowserContext, name: str) -> None:
        self.name = name
        self.problems: list[str] = []
        self.page: Page
        self._devtools: CDPSession
        self._server = server
        self._context = context
        self._path = f"{name}.ipynb"
        self._kernel: Kernel | None = None

    # --- opening and closing ---------------------------------------------------------------

    def open(self, *cells: str, run: bool = True, kernel: str = "python3") -> None:
        """Write a notebook of these code cells, open it, and run them all unless told not to."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={"kernelspec": {"name": kernel, "display_name": kernel}},
        )
        nbformat.write(notebook, self._server.notebooks / self._path)
        self._connect(self._open_page())
        if run:
            self.run_all()

    def before_each_page(self, script: str) -> None:
        """Run a script in every page from now on, before those of the page itself."""
        self._context.add_init_script(script)

    def _connect(self, kernel_id: str) -> None:
        """Listen to a kernel that has just started; an older connection may miss its words."""
        if self._kernel:
            self._kernel.close()
        self._kernel = Kernel(self._server.runtime / f"kernel-{kernel_id}.json")

    def _open_page(self) -> str:
        self.page = self._context.new_page()
        self.page.set_default_timeout(20_000)
        self._devtools = self._context.new_cdp_session(self.page)
        self._watch(self.page)
        workspace = f"{self.name}-{len(self._context.pages)}"
        self.page.goto(f"{self._server.url}/lab/workspaces/{workspace}/tree/{self._path}?reset")
        return self._wait_for_notebook()

    def _wait_for_notebook(self) -> str:
        return self.look(NOTEBOOK_READY, self._path)

    def reload(self) -> None:
        """Save, reload the page, and wait for the notebook. The kernel lives on."""
        self.save()
        self.page.reload()
        self._wait_for_notebook()

    def second_tab(self) -> Lab:
        """The same notebook and kernel in a second page; it has what is saved of the first."""
        self.save()
        other = Lab(self._server, self._context, self.name)
        other.problems = self.problems
        other._kernel = self._kernel
        other._open_page()
        return other

    def close(self) -> None:
        if self._kernel:
            self._kernel.close()

    # --- what went wrong -------------------------------------------------------------------

    def _watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.problems.append(f"error in the page: {error}"))
        page.on(
            "console",
            lambda message: (
                message.type == "error"
                and self.problems.append(f"error on the console: {message.text}")
            ),
        )
        page.on("request", lambda request: self._check_address(request.url))
        page.on("websocket", lambda socket: self._check_address(socket.url))

    def _check_address(self, url: str) -> None:
        own = self._server.url.removeprefix("http")
        if not url.startswith((f"http{own}/", f"ws{own}/", "blob:", "data:")):
            self.problems.append(f"request leaving the machine: {url[:200]}")

    def expect_problem(self, pattern: str) -> None:
        """Take the problems that match a regular expression off the list; there must be one."""
        matching = [text for text in self.problems if re.search(pattern, text)]
        assert matching, f"no problem matches {pattern!r}: {self.problems}"
        self.problems[:] = [text for text in self.problems if text not in matching]

    def screenshot(self, name: str | None = None) -> Path:
        """Take a picture of the page, into ``tests/e2e/artifacts``."""
        ARTIFACTS.mkdir(exist_ok=True)
        path = ARTIFACTS / f"{name or self.name}.png"
        self.page.screenshot(path=path)
        return path

    # --- cells and kernel ------------------------------------------------------------------

    def run_all(self) -> None:
        """Run all cells, and fail where one of them does."""
        self._command("notebook:run-all-cells")
        self._fail_on_errors()

    def run_cell(self, index: int, *, wait: bool = True) -> None:
        """Run one cell, and wait for its end unless told not to."""
        self.look("(i) => { testedNotebook.content.activeCellIndex = i }", index)
        if not wait:
            self.look("() => { jupyterapp.commands.execute('notebook:run-cell') }")
            return
        self._command("notebook:run-cell")
        self._fail_on_errors()

    def add_cell(self, source: str, *, run: bool = True) -> int:
        """Append a code cell, run it unless told not to, and return its index."""
        index = self.look(
            """(source) => {
              const cells = testedNotebook.content.model.sharedModel;
              cells.insertCell(cells.cells.length, { cell_type: "code", source });
              return cells.cells.length - 1;
            }""",
            source,
        )
        if run:
            self.run_cell(index)
        return index

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """The outputs of a cell, as the notebook file would have them."""
        return self.look(
            "(i) => testedNotebook.content.widgets[i].model.outputs?.toJSON() ?? []", index
        )

    def run(self, code: str, *, timeout: float = 30) -> str:
        """Run code in the kernel, outside any cell; return what it prints, and its last value.

        What the code sent to the page has come there by then.
        """
        assert self._kernel, "the notebook is not open"
        printed = self._kernel.run(code, timeout)
        self.settle()
        return printed

    def settle(self) -> None:
        """Wait until what the kernel has sent so far has come to the page, and has been drawn."""
        self.look("""async () => {
          const kernel = testedNotebook.sessionContext.session.kernel;
          await kernel.requestExecute({ code: "", silent: true }).done;
          for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame);
        }""")

    def get(self, expression: str, *, timeout: float = 30) -> Any:
        """The value of an expression in the kernel, carried over as JSON."""
        assert self._kernel, "the notebook is not open"
        code = f"print(__import__('json').dumps(({expression}), default=str))"
        return json.loads(self._kernel.run(code, timeout))

    def until(self, expression: str, *, seconds: float = 10) -> None:
        """Wait until an expression is true in the kernel, and the page has heard of it."""
        for _ in range(int(seconds / 0.05)):
            if self.get(f"bool({expression})"):
                self.settle()
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"not true within {seconds} s: {expression}")

    def restart_kernel(self) -> None:
        """Restart the kernel, as its menu does."""
        self.look("() => testedNotebook.sessionContext.restartKernel()")
        self._connect(self._wait_for_notebook())

    def save(self) -> None:
        self._command("docmanager:save")

    def _command(self, name: str) -> None:
        self.look("(name) => jupyterapp.commands.execute(name).then(() => {})", name)

    def _fail_on_errors(self) -> None:
        count = self.look("() => testedNotebook.content.widgets.length")
        for output in (output for i in range(count) for output in self.outputs(i)):
            if output["output_type"] == "error":
                raise AssertionError(f"in a cell: {output['ename']}: {output['evalue']}")

    def look(self, function: str, *arguments: Any, seconds: float = 60) -> Any:
        """What a JavaScript function returns, awaited, in the page.

        Unlike Playwright's ``evaluate``, ``expect`` and waiting locators, it does not count as a
        click of the person's, without which a page may not play sound.
        """
        late = f"no answer in {seconds} s"
        expression = f"""Promise.race([
          (async () => ({function})(...{json.dumps(arguments)}))(),
          new Promise((_, no) => setTimeout(() => no(new Error("{late}")), {seconds * 1000})),
        ])"""
        answer = self._devtools.send(
            "Runtime.evaluate",
            {"expression": expression, "awaitPromise": True, "returnByValue": True},
        )
        if details := answer.get("exceptionDetails"):
            raise AssertionError(details.get("exception", {}).get("description", details["text"]))
        return answer["result"].get("value")

    # --- the page ---------------------------------------------------------------------------

    def cell(self, index: int) -> Locator:
        return self.page.locator(f'.jp-Notebook-cell[data-windowed-list-index="{index}"]')

    @property
    def widget(self) -> Locator:
        """The first widget of the notebook; `widgets` has all."""
        return self.widgets.first

    @property
    def widgets(self) -> Locator:
        return self.page.locator(".specwidget")

    def set_theme(self, name: str) -> None:
        """Switch JupyterLab to its "light" or "dark" theme."""
        theme = f"JupyterLab {name.capitalize()}"
        self.look(
            "(theme) => jupyterapp.commands.execute('apputils:change-theme', { theme })", theme
        )
        self.page.locator(f'body[data-jp-theme-name="{theme}"]').wait_for(state="attached")

    def resize(self, width: int, height: int = 800) -> None:
        """Give the whole page this size; the notebook is some 60 px narrower."""
        self.page.set_viewport_size({"width": width, "height": height})

    @staticmethod
    def pixels(canvas: Locator) -> np.ndarray:
        """What a canvas holds, as RGBA [shape=(height, width, 4)]."""
        url = canvas.evaluate("(canvas) => canvas.toDataURL('image/png')")
        image = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
        return np.asarray(image.convert("RGBA"))

    # --- the mouse -------------------------------------------------------------------------

    def drag(self, element: Locator, *path: Point, keys: Sequence[str] = ()) -> None:
        """Press at the first point, move through the others, and let go at the last."""
        (x0, y0), *rest = self._on_page(element, path)
        with held(self.page, keys):
            self.page.mouse.move(x0, y0)
            self.page.mouse.down()
            for x, y in rest:
                self.page.mouse.move(x, y, steps=8)
            self.page.mouse.up()

    def wheel(
        self, element: Locator, at: Point, *, dx: float = 0, dy: float = 0, keys: Sequence[str] = ()
    ) -> None:
        """Turn the wheel over a point, with keys such as "Control" held."""
        [(x, y)] = self._on_page(element, [at])
        with held(self.page, keys):
            self.page.mouse.move(x, y)
            self.page.mouse.wheel(dx, dy)

    @staticmethod
    def _on_page(element: Locator, points: Iterable[Point]) -> list[Point]:
        element.scroll_into_view_if_needed()
        box = element.bounding_box()
        assert box, "the element is not visible"
        return [(box["x"] + x, box["y"] + y) for x, y in points]


@contextmanager
def held(page: Page, keys: Sequence[str]) -> Iterator[None]:
    """Keys that are down for the time of a ``with`` block."""
    for key in keys:
        page.keyboard.down(key)
    yield
    for key in keys:
        page.keyboard.up(key)
