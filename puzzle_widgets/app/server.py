"""Serves the app: Voila in this process, one notebook, one kernel for each open page."""

from __future__ import annotations

import asyncio
import logging
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_path
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from puzzle_widgets.app.admission import Admission
from puzzle_widgets.app.connection import PageSocket
from puzzle_widgets.app.environment import served_environment
from puzzle_widgets.app.handlers import AdmissionHandler, PageHandler
from puzzle_widgets.app.machine import (
    Ending,
    allow_open_files,
    cores,
    default_sessions,
    ending,
    listen_at,
    open_when_possible,
    port_of,
)
from puzzle_widgets.app.settings import PAGE_MESSAGES, AppSettings, voila_config
from puzzle_widgets.resources import notebook_folder

if TYPE_CHECKING:
    import socket

NOTEBOOK = "explorer.ipynb"
MAX_BODY_BYTES = 2**20  # nothing but questions comes by HTTP; files come by the websocket
BODY_SECONDS = 30
END_SECONDS = 20


def serve(  # noqa: PLR0913
    library: str | None = None,
    *,
    workload: str | None = None,
    allow_gaps: bool = False,
    decimal: str | None = None,
    thousands: str | None = None,
    port: int | None = None,
    open_browser: bool = True,
    notebook: str | Path | None = None,
    ip: str = "127.0.0.1",
    base_url: str = "/",
    idle_timeout: int = 1800,
    cull_interval: int = 60,
    max_sessions: int | None = None,
) -> None:
    """Serve the explorer until Ctrl-C, then end every kernel it started.

    Parameters
    ----------
    library
        Path or name of the block library to open; None for the embedded default.
    workload
        Workload to open it in, where it is a run with several; the usual by default.
    allow_gaps
        Whether numbered layers may be missing from it.
    decimal, thousands
        Marks of figures in it that are text, as for :func:`puzzle_widgets.load_library`.
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
    max_sessions
        Sessions that may be open at once; None for what memory and cores allow. Whoever comes
        later waits, and gets in by itself.

    Raises
    ------
    ServerError
        If the port asked for is taken, or the notebook is not there.
    """
    path = Path(notebook) if notebook is not None else notebook_folder() / NOTEBOOK
    most = default_sessions() if max_sessions is None else max_sessions
    settings = AppSettings(path.resolve(), ip, base_url, idle_timeout, cull_interval, most)
    listener = listen_at(settings.ip, port)
    url = page_url(settings, port_of(listener))
    how = {"decimal": decimal, "thousands": thousands}
    said = served_environment(library, workload, allow_gaps=allow_gaps, **how)
    allow_open_files()
    with said, ending() as request:
        config = voila_config(settings)
        # As the one application of the process, Voila's parts write to its log.
        app = PuzzleApp.instance(listener, url, settings, request, config=config)
        try:
            app.run(open_browser=open_browser)
        finally:
            PuzzleApp.clear_instance()


def page_url(settings: AppSettings, port: int) -> str:
    """Address of the page, as seen from this machine."""
    host = "127.0.0.1" if settings.ip in ("", "0.0.0.0", "::") else settings.ip  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{port}{settings.base_url}"


class PuzzleApp(Voila):
    """Voila on a socket that listens already, saying only what its user needs."""

    def __init__(
        self,
        listener: socket.socket,
        url: str,
        settings: AppSettings,
        request: Ending,
        **kwargs: object,
    ) -> None:
        super().__init__(**kwargs)
        self._listener = listener
        self._url = url
        self._settings = settings
        self._ending = request
        self._admission: Admission | None = None

    @property
    def themes_dir(self) -> str:
        """Folder of Voila's themes; Voila looks beside the first template it finds: ours."""
        folders = [Path(folder) for folder in jupyter_path("voila", "themes")]
        return str(next((folder for folder in folders if folder.is_dir()), folders[0]))

    def run(self, *, open_browser: bool) -> None:
        """Serve until asked to end."""
        # A missing page or a session that has ended is the visitor's affair, not the terminal's.
        logging.getLogger("tornado").setLevel(logging.ERROR)
        self._opens_browser = open_browser
        try:
            self.initialize([])
            self.start()
        finally:
            self.clean()

    def initialize(self, argv: list[str] | None = None) -> None:
        """Read the settings; the signals stay ours."""
        handler = signal.getsignal(signal.SIGTERM)
        super().initialize(argv)
        signal.signal(signal.SIGTERM, handler)

    def init_settings(self) -> dict[str, Any]:
        """Voila's settings; its pages send only what ours need."""
        settings: dict[str, Any] = super().init_settings()
        self.kernel_manager.allowed_message_types = PAGE_MESSAGES
        self._admission = Admission(self.kernel_manager, self._settings.max_sessions, cores())
        return settings

    def init_handlers(self) -> list[tuple[Any, ...]]:
        """Voila's handlers, with ours before them or in their place."""
        admission = {"admission": self._admission}
        guarded: dict[type, tuple[type, dict[str, Any]]] = {
            VoilaKernelWebsocketHandler: (PageSocket, {}),
            TornadoVoilaHandler: (PageHandler, admission),
        }
        handlers = [_replaced(entry, guarded) for entry in super().init_handlers()]
        options = {"voila_configuration": self.voila_configuration, **admission}
        address = f"{self._settings.base_url}voila/admission"
        return [(address, AdmissionHandler, options), *handlers]

    def listen(self) -> None:
        """Serve on the socket given, in place of looking for a port."""
        server = HTTPServer(self.app, max_body_size=MAX_BODY_BYTES, body_timeout=BODY_SECONDS)
        server.add_sockets([self._listener])
        self.ioloop = IOLoop.current()
        self._ending.stop_by(lambda: self.ioloop.add_callback_from_signal(self.ioloop.stop))
        self.ioloop.add_callback(self._announce)
        self.ioloop.start()
        _say("\nStopping ...")
        server.stop()
        self.ioloop.run_sync(self._end)

    def stop(self) -> None:
        """Voila's own end does nothing here; see ``clean``."""

    def clean(self) -> None:
        """Leave no folder behind."""
        if self.connection_dir:
            shutil.rmtree(self.connection_dir, ignore_errors=True)

    async def _end(self) -> None:
        """End what is opening, then every kernel; a kernel that resists is left to end alone."""
        assert self._admission is not None  # noqa: S101 - made before it listens
        with suppress(Exception):
            async with asyncio.timeout(END_SECONDS):
                await self._admission.close()
                await self.kernel_manager.shutdown_all(now=True)

    def _announce(self) -> None:
        _say(f"puzzle-widgets is at {self._url} (Ctrl-C ends it)")
        if self._opens_browser:
            open_when_possible(self._url)


def _replaced(
    entry: tuple[Any, ...], guarded: dict[type, tuple[type, dict[str, Any]]]
) -> tuple[Any, ...]:
    path, handler, *rest = entry
    if handler not in guarded:
        return entry
    ours, more = guarded[handler]
    return (path, ours, {**(rest[0] if rest else {}), **more})


def _say(line: str) -> None:
    """Tell the terminal, as long as there is one."""
    with suppress(OSError):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
