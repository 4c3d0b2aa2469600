"""What machines ask a server: whether it is well, its figures, why a session has ended."""

from __future__ import annotations

import json
from typing import Any

import psutil
from tornado.web import HTTPError, RequestHandler, authenticated
from voila.handler import BaseVoilaHandler

from puzzle_widgets.app.kernels import PageKernels
from puzzle_widgets.app.sessions import Admission

_GAUGES = (
    ("puzzle_sessions", "Sessions that are open"),
    ("puzzle_sessions_most", "Sessions that may be open at once"),
    ("puzzle_waiting", "Visitors that wait to be let in"),
    ("puzzle_memory_bytes", "Memory of the server and of its kernels, shared pages counted once"),
)


def facts(admission: Admission) -> dict[str, int]:
    """Count what is open, may be open, and waits."""
    kernels: PageKernels = admission.kernels
    return {
        "sessions": len(kernels.list_kernel_ids()),
        "most_sessions": admission.most_sessions,
        "waiting": admission.waiting,
    }


class HealthHandler(RequestHandler):
    """Says that the server answers, to whoever balances or restarts it."""

    def initialize(self, admission: Admission) -> None:
        """Take the server's admission."""
        self._admission = admission

    def get(self) -> None:
        """Give the counts; no word of anybody."""
        self.set_header("Cache-Control", "no-store")
        self.finish({"status": "ok", **facts(self._admission)})


class MetricsHandler(BaseVoilaHandler):
    """Gives figures in Prometheus' text format."""

    def initialize(self, admission: Admission, **kwargs: Any) -> None:  # noqa: ANN401
        """Take what Voila's handlers take, and the server's admission."""
        super().initialize(**kwargs)
        self._admission = admission

    @authenticated
    def get(self) -> None:
        """Give all figures."""
        kernels: PageKernels = self._admission.kernels
        counts = facts(self._admission)
        values = (counts["sessions"], counts["most_sessions"], counts["waiting"], _memory())
        gauges = [
            f"# HELP {name} {words}\n# TYPE {name} gauge\n{name} {value}\n"
            for (name, words), value in zip(_GAUGES, values, strict=True)
        ]
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.finish("".join(gauges) + kernels.register.figures())


class EndedHandler(BaseVoilaHandler):
    """Tells a page why its session has ended."""

    @authenticated
    def get(self, kernel_id: str) -> None:
        """Give the reason; a session's id is known to its own page alone."""
        kernels: PageKernels = self.kernel_manager
        why = kernels.register.why(kernel_id)
        if why is None:
            raise HTTPError(404)
        self.set_header("Cache-Control", "no-store")
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps({"why": why}))


def _memory() -> int:
    """Bytes of this process and all below it, what they share counted once where that is told."""
    own = psutil.Process()
    total = 0
    for process in [own, *own.children(recursive=True)]:
        try:
            told = process.memory_full_info()
        except psutil.Error:
            continue
        total += getattr(told, "pss", 0) or told.rss
    return total
