"""A JupyterLab of our own: a server for the run, and a second client for any kernel it starts.

Nothing here touches the user's own Jupyter settings, notebooks or runtime files.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jupyter_client import BlockingKernelClient
from jupyter_core.utils import ensure_event_loop

SETTINGS: dict[str, dict[str, Any]] = {
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "apputils-extension/themes": {"theme": "JupyterLab Light", "adaptive-theme": False},
    "docmanager-extension/plugin": {"autosave": False},
}


# Where `.ci/setup kernels` puts other versions of ipykernel.
KERNELS = Path(__file__).parents[2] / ".tools" / "kernels"


class LabServer:
    """A JupyterLab with settings, notebooks and runtime files of its own, under one folder.

    Beside its own kernel it offers one for each version of ipykernel in `KERNELS`, by the name
    ``ipykernel-<version>``; they differ in nothing else.
    """

    def __init__(self, folder: Path) -> None:
        self.notebooks = folder / "notebooks"
        self.runtime = folder / "runtime"
        self._settings = folder / "config" / "lab" / "user-settings" / "@jupyterlab"
        self._log = folder / "server.log"
        for path in (self.notebooks, self.runtime):
            path.mkdir(parents=True)
        self.reset_settings()
        self.kernels = [path.name for path in KERNELS.glob("[0-9]*")]
        for version in self.kernels:
            _offer_kernel(folder / "data" / "kernels" / f"ipykernel-{version}", version)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        folders = {
            "HOME": folder,
            "IPYTHONDIR": folder / "ipython",
            "JUPYTER_CONFIG_DIR": folder / "config",
            "JUPYTER_DATA_DIR": folder / "data",
            "JUPYTER_RUNTIME_DIR": self.runtime,
        }
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": port,
            "ServerApp.port_retries": 0,
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,
            "ServerApp.root_dir": self.notebooks,
            "ServerApp.terminals_enabled": False,
            "ServerApp.disable_check_xsrf": True,
            "IdentityProvider.token": "",
            "LabApp.expose_app_in_browser": True,
            "LabApp.extension_manager": "readonly",
        }
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in options.items())],
                env={**os.environ, **{name: str(path) for name, path in folders.items()}},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def reset_settings(self) -> None:
        """Undo what an earlier test changed, such as the theme."""
        for name, values in SETTINGS.items():
            path = self._settings / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))

    def wait(self, seconds: float = 60) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                self.api("GET", "status")
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start:\n{self._log.read_text()[-4000:]}")

    def api(self, method: str, path: str) -> Any:
        request = urllib.request.Request(f"{self.url}/api/{path}", method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
        return json.loads(body) if body else None

    def shut_down_kernels(self) -> None:
        for session in self.api("GET", "sessions"):
            self.api("DELETE", f"sessions/{session['id']}")

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _offer_kernel(folder: Path, version: str) -> None:
    paths = [str(KERNELS / version), os.environ.get("PYTHONPATH", "")]
    folder.mkdir(parents=True)
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": f"ipykernel {version}",
        "language": "python",
        "env": {"PYTHONPATH": os.pathsep.join(filter(None, paths))},
    }
    (folder / "kernel.json").write_text(json.dumps(spec))


class Kernel:
    """A second client of a notebook's kernel, so that tests need no cells to look inside.

    The client has a thread of its own, because it runs an event loop and Playwright has one too.
    """

    def __init__(self, connection_file: Path) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._client = self._thread.submit(self._connect, connection_file).result()

    @staticmethod
    def _connect(connection_file: Path) -> BlockingKernelClient:
        client = BlockingKernelClient(connection_file=str(connection_file))
        client.load_connection_file()
        client.start_channels()
        client.wait_for_ready(timeout=30)
        return client

    def run(self, code: str, timeout: float) -> str:
        return self._thread.submit(self._run, code, timeout).result()

    def _run(self, code: str, timeout: float) -> str:
        texts: list[str] = []

        def collect(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                texts.append(content["text"])
            elif message["msg_type"] == "execute_result":
                texts.append(content["data"]["text/plain"])

        reply = self._client.execute_interactive(
            code, store_history=False, allow_stdin=False, timeout=timeout, output_hook=collect
        )["content"]
        if reply["status"] != "ok":
            trace = "\n".join(reply.get("traceback", [reply["status"]]))
            raise AssertionError("in the kernel:\n" + re.sub(r"\x1b\[[\d;]*m", "", trace))
        return "".join(texts).strip()

    def close(self) -> None:
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    def _close(self) -> None:
        self._client.stop_channels()
        self._client.context.term()
        ensure_event_loop().close()
