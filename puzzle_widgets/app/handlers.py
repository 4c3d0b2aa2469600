"""The addresses that pages ask: a door for everyone, the explorer for those who were let in."""

from __future__ import annotations

import asyncio
import os
from typing import Any

from tornado.web import HTTPError, authenticated
from voila.handler import BaseVoilaHandler, VoilaHandler
from voila.notebook_renderer import NotebookRenderer
from voila.utils import get_page_config

from puzzle_widgets.app.admission import Admission, Opening

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
        self.finish(self._admission.ask(self.get_argument("name", "")))


class PageHandler(VoilaHandler):
    """Sends the page of the notebook, with a kernel of its own behind it."""

    def initialize(self, admission: Admission, **kwargs: Any) -> None:  # noqa: ANN401
        """Take what Voila's handler takes, and the server's admission."""
        super().initialize(**kwargs)
        self._admission = admission
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
            self.finish(self.render_template("opening.html"))
        else:
            await self._open(self._opening)

    def on_connection_close(self) -> None:
        """End what was begun for a visitor who has left."""
        super().on_connection_close()
        if self._opening is not None:
            self._opening.leave()

    async def _open(self, opening: Opening) -> None:
        try:
            page = await opening.render(self._page, START_SECONDS)
        except asyncio.CancelledError:
            return  # the visitor has left, or the server ends
        except Exception:
            self.log.exception("The page could not be opened")
            self.set_status(500)
            self.finish(self.render_template("failed.html"))
        else:
            opening.expect_page()
            self.finish(page)

    async def _page(self, opening: Opening) -> str:
        renderer = self._renderer()
        await renderer.initialize()
        private = self.kernel_manager.connection_dir
        kernel_id = await opening.start(
            kernel_name=renderer.notebook.metadata.kernelspec.name,
            path=os.path.dirname(self.notebook_path),  # noqa: PTH120 - a path of Jupyter's own
            env={**os.environ, "IPYTHONDIR": os.path.join(private, "ipython")},  # noqa: PTH118
        )
        kernel = self.kernel_manager.get_kernel(kernel_id)
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
