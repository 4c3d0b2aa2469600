"""Serves the app: Voila in this process, one notebook, one kernel for each open page."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_core.paths import jupyter_path
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.web import HTTPError, authenticated
from voila.app import Voila
from voila.handler import BaseVoilaHandler, VoilaHandler
from voila.notebook_renderer import NotebookRenderer
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler
from voila.utils import get_page_config

from puzzle_widgets.app.compressed import CompressedFiles
from puzzle_widgets.app.connection import PageSocket
from puzzle_widgets.app.headers import OwnHeaders
from puzzle_widgets.app.health import EndedHandler, HealthHandler, MetricsHandler
from puzzle_widgets.app.kernels import KERNEL_NAME, PageKernel
from puzzle_widgets.app.machine import (
    Ending,
    allow_open_files,
    cores,
    ending,
    listen_at,
    open_when_possible,
    port_of,
)
from puzzle_widgets.app.page import served_environment
from puzzle_widgets.app.sessions import Admission, Opening
from puzzle_widgets.app.settings import (
    PAGE_MESSAGES,
    AppSettings,
    explorer_notebook,
    voila_config,
)
from puzzle_widgets.app.warm import EXPLORER

if TYPE_CHECKING:
    import socket

MAX_BODY_BYTES = 2**20  # nothing but questions comes by HTTP; files come by the websocket
BODY_SECONDS = 30
END_SECONDS = 20
WATCH_MS = 5_000


def serve(
    library: str | None = None,
    *,
    how: Mapping[str, object] | None = None,
    port: int | None = None,
    open_browser: bool = True,
    **settings_given: Any,  # noqa: ANN401
) -> None:
    """Serve the explorer until Ctrl-C, then end every kernel it started.

    Parameters
    ----------
    library
        Path or name of the block library to open; None for the embedded default.
    how
        How to open it, as for :func:`puzzle_widgets.load_library`.
    port
        Port to listen at; None takes 8866 where it is free and any free port otherwise.
    open_browser
        Whether to open the page where the machine has a browser.
    settings_given
        Fields of :class:`AppSettings`.

    Raises
    ------
    ServerError
        If the port asked for is taken, or the notebook is not there.
    """
    settings = AppSettings(**settings_given)
    listener = listen_at(settings.ip, port)
    url = page_url(settings, port_of(listener))
    allow_open_files()
    hosted = settings.hosted(library)
    with served_environment(library, hosted, **(how or {})), ending() as request:
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
        self.kernel_manager.register.write = _say
        most, per_address = self._settings.max_sessions, self._settings.per_address
        self._admission = Admission(self.kernel_manager, most, cores(), per_address=per_address)
        return settings

    def init_handlers(self) -> list[tuple[Any, ...]]:
        """Voila's handlers, with ours before them or in their place."""
        admission = {"admission": self._admission}
        guarded: dict[type, tuple[type, dict[str, Any]]] = {
            VoilaKernelWebsocketHandler: (PageSocket, {}),
            TornadoVoilaHandler: (PageHandler, {**admission, "known": KnownPage()}),
        }
        handlers = [_replaced(entry, guarded) for entry in super().init_handlers()]
        options = {**self._voila_options, **admission}
        base = self._settings.base_url
        ours: list[tuple[Any, ...]] = [
            (f"{base}voila/admission", AdmissionHandler, options),
            (rf"{base}voila/ended/([\w-]+)", EndedHandler, self._voila_options),
            (f"{base}health", HealthHandler, admission),
        ]
        if self._settings.metrics:
            ours.append((f"{base}metrics", MetricsHandler, options))
        return [*ours, *handlers]

    @property
    def _voila_options(self) -> dict[str, Any]:
        return {"voila_configuration": self.voila_configuration}

    def listen(self) -> None:
        """Serve on the socket given, in place of looking for a port."""
        server = HTTPServer(
            self.app,
            max_body_size=MAX_BODY_BYTES,
            body_timeout=BODY_SECONDS,
            xheaders=self._settings.behind_proxy,
        )
        server.add_sockets([self._listener])
        self.app.add_transform(OwnHeaders)
        self.app.add_transform(CompressedFiles().transform)
        self.ioloop = IOLoop.current()
        self._watch_memory()
        self._ending.stop_by(lambda: self.ioloop.add_callback_from_signal(self.ioloop.stop))
        self.ioloop.add_callback(self._announce)
        explorer = self._settings.notebook == explorer_notebook()
        self.kernel_manager.prepare(EXPLORER if explorer else "")
        self.ioloop.start()
        _say("\nStopping ...")
        server.stop()
        self.ioloop.run_sync(self._end)

    def _watch_memory(self) -> None:
        most = self._settings.session_mib * 2**20
        PeriodicCallback(lambda: self.kernel_manager.end_those_above(most), WATCH_MS).start()

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
        self.kernel_manager.warm.close()
        self.kernel_manager.spares.close()

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


START_SECONDS = 180
PROOF = "X-Puzzle-Widgets"  # a header that no page of another host can send


class AdmissionHandler(BaseVoilaHandler):
    """Answers a waiting page."""

    def initialize(self, admission: Admission, **kwargs: Any) -> None:  # noqa: ANN401
        """Take what Voila's handlers take, and the server's admission."""
        super().initialize(**kwargs)
        self._admission = admission

    @authenticated
    def post(self) -> None:
        """Give a ticket, or a place; only a script of this server's own page can ask."""
        if PROOF not in self.request.headers:
            raise HTTPError(403)
        self.set_header("Cache-Control", "no-store")
        who = self.request.remote_ip or ""
        self.finish(self._admission.ask(self.get_argument("name", ""), who))


class KnownPage:
    """The page of kernels that are forked with it: but for its kernel's id, it is always the same.

    Of others none is kept: what a notebook shows may differ from one run to the next.
    """

    def __init__(self) -> None:
        self._of = self._kernel_id = self._text = ""

    def page(self, made: str, kernel_id: str) -> str:
        """The page for another kernel; empty where it is not known."""
        return self._text.replace(self._kernel_id, kernel_id) if made and made == self._of else ""

    def keep(self, made: str, kernel_id: str, text: str) -> None:
        """Keep the page of a kernel that was forked with it, once that is in it."""
        if made and made in text:
            self._of, self._kernel_id, self._text = made, kernel_id, text


class PageHandler(VoilaHandler):
    """Sends the page of the notebook, with a kernel of its own behind it."""

    def initialize(self, admission: Admission, known: KnownPage, **kwargs: Any) -> None:  # noqa: ANN401
        """Take what Voila's handler takes, the server's admission, and the page that it knows."""
        super().initialize(**kwargs)
        self._admission, self._known = admission, known
        self._opening: Opening | None = None

    @authenticated
    async def get(self, path: str | None = None) -> None:
        """Send the page for a ticket; without one, the page that asks for a ticket."""
        if path:
            raise HTTPError(404)
        self.set_header("Content-Type", "text/html")
        self.set_header("Cache-Control", "no-store")
        self._opening = self._admission.begin(self.get_argument("ticket", ""))
        if self._opening is None:
            self.finish(self._filled("opening.html"))
        else:
            await self._open(self._opening)

    def on_connection_close(self) -> None:
        """End what was begun for a visitor who has left."""
        super().on_connection_close()
        if self._opening is not None:
            self._opening.leave()

    async def _open(self, opening: Opening) -> None:
        begun = time.monotonic()
        try:
            page = await opening.render(self._page, START_SECONDS)
        except asyncio.CancelledError:
            return  # the visitor has left, or the server ends
        except Exception:
            self.log.exception("The page could not be opened")
            self.set_status(500)
            self.finish(self._filled("failed.html"))
        else:
            opening.expect_page()
            self._admission.opened(opening)
            self.kernel_manager.register.opened(opening.kernel_id, time.monotonic() - begun)
            self.finish(page)

    def _filled(self, template: str) -> str:
        """A page of the server's own, which says what is opened."""
        document = self.voila_configuration.resources.get("document")
        opened = "notebook" if document else "explorer"
        return str(self.render_template(template, opened=opened))

    async def _page(self, opening: Opening) -> str:
        private = self.kernel_manager.connection_dir
        kernel_id = await opening.start(
            kernel_name=KERNEL_NAME,
            path=os.path.dirname(self.notebook_path),  # noqa: PTH120 - a path of Jupyter's own
            env={**os.environ, "IPYTHONDIR": os.path.join(private, "ipython")},  # noqa: PTH118
        )
        kernel = self.kernel_manager.get_kernel(kernel_id)
        known = self._known.page(kernel.page_made, kernel_id)
        if known:
            await kernel.answers()
            return known
        page = await self._rendered(kernel_id, kernel)
        self._known.keep(kernel.page_made, kernel_id, page)
        return page

    async def _rendered(self, kernel_id: str, kernel: PageKernel) -> str:
        """Run the notebook in its kernel, and write its page."""
        renderer = self._renderer()
        await renderer.initialize()
        snippets = renderer.generate_content_generator(kernel_id, kernel)
        try:
            return "".join([text async for text, _ in snippets])
        finally:
            _disconnect(renderer)

    def _renderer(self) -> NotebookRenderer:
        facts = {
            "base_url": self.base_url,
            "settings": self.settings,
            "log": self.log,
            "voila_configuration": self.voila_configuration,
        }
        return NotebookRenderer(
            voila_configuration=self.voila_configuration,
            traitlet_config=self.traitlet_config,
            notebook_path=self.notebook_path,
            template_paths=self.template_paths,
            config_manager=self.config_manager,
            contents_manager=self.contents_manager,
            base_url=self.base_url,
            kernel_spec_manager=self.kernel_spec_manager,
            page_config=get_page_config(**facts),
        )


def _disconnect(renderer: NotebookRenderer) -> None:
    """Let go of the kernel, even where its start was broken off."""
    client = getattr(getattr(renderer, "executor", None), "kc", None)
    if client is not None:
        client.stop_channels()
