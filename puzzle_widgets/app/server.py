"""Serves the app: Voila in this process, one notebook, one kernel for each open page."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_path
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from voila.app import Voila
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from puzzle_widgets.app.browser import open_when_possible
from puzzle_widgets.app.environment import served_environment
from puzzle_widgets.app.ports import listen_at, port_of
from puzzle_widgets.app.settings import AppSettings, voila_config
from puzzle_widgets.app.sockets import PageSocket
from puzzle_widgets.resources import notebook_folder

if TYPE_CHECKING:
    import socket

NOTEBOOK = "explorer.ipynb"


def serve(  # noqa: PLR0913
    library: str | None = None,
    *,
    scenario: str | None = None,
    allow_gaps: bool = False,
    port: int | None = None,
    open_browser: bool = True,
    notebook: str | Path | None = None,
    ip: str = "127.0.0.1",
    base_url: str = "/",
    idle_timeout: int = 1800,
    cull_interval: int = 60,
) -> None:
    """Serve the explorer until Ctrl-C, then end every kernel it started.

    Parameters
    ----------
    library
        Path or name of the block library to open; None for the embedded default.
    scenario
        Scenario of costs to open it in, where it is a run with several; the first by default.
    allow_gaps
        Whether numbered layers may be missing from it.
    port
        Port to listen at; None takes 8866 where it is free and any free port otherwise.
    open_browser
        Whether to open the page where the machine has a browser.
    notebook
        Another notebook to serve in place of the explorer.
    ip
        Address to listen at; anything but a loopback address opens the app to the network.
    base_url
        Path under which the app is served, as behind a reverse proxy.
    idle_timeout
        Seconds without use after which a session ends, its tab open or not.
    cull_interval
        Seconds between two looks for such sessions.

    Raises
    ------
    ServerError
        If the port asked for is taken, or the notebook is not there.
    """
    path = Path(notebook) if notebook is not None else notebook_folder() / NOTEBOOK
    settings = AppSettings(path.resolve(), ip, base_url, idle_timeout, cull_interval)
    listener = listen_at(settings.ip, port)
    url = page_url(settings, port_of(listener))
    with served_environment(library, scenario, allow_gaps=allow_gaps):
        config = voila_config(settings)
        # As the one application of the process, Voila's parts write to its log.
        app = PuzzleApp.instance(listener, url, open_browser=open_browser, config=config)
        try:
            app.run()
        finally:
            PuzzleApp.clear_instance()


def page_url(settings: AppSettings, port: int) -> str:
    """Address of the page, as seen from this machine."""
    host = "127.0.0.1" if settings.ip in ("", "0.0.0.0", "::") else settings.ip  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{settings.base_url}"


class PuzzleApp(Voila):
    """Voila on a socket that listens already, saying only what its user needs."""

    def __init__(
        self, listener: socket.socket, url: str, *, open_browser: bool, **kwargs: object
    ) -> None:
        super().__init__(**kwargs)
        self._listener = listener
        self._url_to_show = url
        self._opens_browser = open_browser

    @property
    def themes_dir(self) -> str:
        """Folder of Voila's themes; Voila looks beside the first template it finds: ours."""
        folders = [Path(folder) for folder in jupyter_path("voila", "themes")]
        return str(next((folder for folder in folders if folder.is_dir()), folders[0]))

    def run(self) -> None:
        """Serve until Ctrl-C or a request to terminate."""
        # A missing page or a session that has ended is the visitor's affair, not the terminal's.
        logging.getLogger("tornado").setLevel(logging.ERROR)
        self.initialize([])
        self.start()

    def init_handlers(self) -> list[tuple[Any, ...]]:
        """Voila's handlers, with a websocket's that is guarded in the place of its own."""
        handlers = super().init_handlers()
        return [
            (path, PageSocket, *rest)
            if handler is VoilaKernelWebsocketHandler
            else (path, handler, *rest)
            for path, handler, *rest in handlers
        ]

    def listen(self) -> None:
        """Serve on the socket given, in place of looking for a port."""
        HTTPServer(self.app).add_sockets([self._listener])
        self.ioloop = IOLoop.current()
        self.ioloop.add_callback(self._announce)
        try:
            self.ioloop.start()
        except KeyboardInterrupt:
            _say("\nStopping ...")
        finally:
            self.stop()

    def _announce(self) -> None:
        _say(f"puzzle-widgets is at {self._url_to_show} (Ctrl-C ends it)")
        if self._opens_browser:
            open_when_possible(self._url_to_show)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
