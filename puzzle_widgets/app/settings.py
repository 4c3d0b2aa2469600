"""What the server is told: Voila's settings for one app on one machine."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zmq
from traitlets.config import Config

from puzzle_widgets.app.connection import GuardedConnection
from puzzle_widgets.app.headers import content_security_policy
from puzzle_widgets.app.kernels import OwnPythonKernels, PageKernel, PageKernels
from puzzle_widgets.app.machine import default_sessions, socket_root
from puzzle_widgets.errors import ServerError
from puzzle_widgets.hosted import Hosted
from puzzle_widgets.resources import notebook_folder

NOTEBOOK = "explorer.ipynb"
TEMPLATE = "puzzle_widgets"
MAX_MESSAGE_BYTES = 100 * 2**20
MAX_MESSAGES_PER_SECOND = 100_000.0
PINGS_UNANSWERED = 3  # before a page counts as gone; at the first look none has been sent yet
LONGEST_POLL_SECONDS = 2.0  # a page says within 5 s that its session has ended
OUTPUT_SECONDS = 300
LOOK_SECONDS = 1.0  # between two looks whether a kernel still runs
# All that a page needs to send; above all it runs no code.
PAGE_MESSAGES = ["comm_open", "comm_close", "comm_msg", "comm_info_request", "kernel_info_request"]

# Voila loads every JupyterLab extension of the environment; others break or complain there.
EXTENSIONS = [
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
    "bqplot",
    "bqscales",
]


def explorer_notebook() -> Path:
    """The explorer's own notebook."""
    return (notebook_folder() / NOTEBOOK).resolve()


@dataclass(frozen=True, slots=True)
class AppSettings:
    """Settings of the server that its callers may choose.

    Parameters
    ----------
    notebook
        The notebook to serve; by default the explorer's.
    document
        Title of a notebook that is set as a document to read, with its code; empty for a page of
        widgets alone.
    ip
        Address to listen at; anything but a loopback address opens the app to the network.
    base_url
        Path under which the app is served, as behind a reverse proxy.
    idle_timeout
        Seconds without use after which a session ends, its tab open or not.
    cull_interval
        Seconds between two looks for such sessions.
    max_sessions
        Sessions that may be open at once; by default what memory and cores allow. Later
        visitors wait, and get in without asking again.
    ping_seconds
        Seconds between two pings of an open page; one that answers none of three is gone.
    per_address
        Sessions that one address may have open at once; 0 for any number.
    session_mib
        MiB that a session's process may hold; one that holds more is ended.
    token
        What a visitor has to know to get in; empty for nothing.
    trusted_hosts
        Names under which pages may ask for this server; empty for any where it listens beyond
        this machine, and for this machine's own names where it does not.
    behind_proxy
        Whether to believe a proxy's ``X-Forwarded-For`` and ``X-Forwarded-Proto``.
    metrics
        Whether to give figures for Prometheus at ``metrics``.
    offered
        Names of datasets whose license the host has accepted for all visitors.
    fetch
        Whether visitors may have datasets fetched.
    """

    notebook: Path = field(default_factory=explorer_notebook)
    document: str = ""
    ip: str = "127.0.0.1"
    base_url: str = "/"
    idle_timeout: int = 1800
    cull_interval: int = 60
    max_sessions: int = field(default_factory=default_sessions)
    ping_seconds: float = 30
    per_address: int = 0
    session_mib: int = 1024
    token: str = field(default="", repr=False)
    trusted_hosts: Sequence[str] = ()
    behind_proxy: bool = False
    metrics: bool = False
    offered: Sequence[str] = ()
    fetch: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be served; bring notebook and base URL into their one form."""
        object.__setattr__(self, "notebook", Path(self.notebook).resolve())
        if not self.notebook.is_file():
            raise ServerError(f"notebook {self.notebook} does not exist; name an .ipynb file")
        for name, unit in (
            ("idle_timeout", " second"),
            ("cull_interval", " second"),
            ("max_sessions", ""),
            ("session_mib", " MiB"),
        ):
            if getattr(self, name) < 1:
                raise ServerError(f"{name} is {getattr(self, name)}; give at least 1{unit}")
        trimmed = self.base_url.strip("/")
        object.__setattr__(self, "base_url", f"/{trimmed}/" if trimmed else "/")

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.ip == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.ip).is_loopback
        except ValueError:
            return False

    @property
    def is_for_others(self) -> bool:
        """Whether others than this machine's user may come."""
        return not self.is_local or bool(self.trusted_hosts) or self.behind_proxy

    def hosted(self, library: str | None) -> Hosted:
        """Rules for datasets; of one that is served the host has accepted the license."""
        served = () if library is None else (library,)
        return Hosted(self.is_for_others, (*self.offered, *served), self.fetch)


def voila_config(settings: AppSettings) -> Config:
    """Voila's configuration for ``settings``; a user's own Voila files are not read."""
    config = Config()
    config.Voila = Config(_server(settings))
    config.VoilaConfiguration = Config(_page(settings))
    config.VoilaExecutor.cell_error_instruction = "The server's terminal shows the details."
    # On a busy machine outputs arrive long after the reply; without them the page is empty.
    config.VoilaExecutor.iopub_timeout = OUTPUT_SECONDS
    config.MappingKernelManager.cull_idle_timeout = settings.idle_timeout
    config.MappingKernelManager.cull_interval = settings.cull_interval
    config.MappingKernelManager.cull_connected = True
    config.MultiKernelManager.kernel_manager_class = (
        f"{PageKernel.__module__}.{PageKernel.__name__}"
    )
    _reach_kernels(config)
    # Nothing is signed, and nothing kept: the home folder may be closed to us.
    config.NotebookNotary.db_file = ":memory:"
    config.NotebookNotary.secret = secrets.token_bytes()
    # A kernel that died has lost its state: end the session rather than answer nothing.
    config.KernelRestarter.restart_limit = 0
    config.KernelRestarter.time_to_dead = LOOK_SECONDS
    config.ZMQChannelsWebsocketConnection.iopub_msg_rate_limit = MAX_MESSAGES_PER_SECOND
    return config


def _reach_kernels(config: Config) -> None:
    """By files where there can be any: of ports, kernels that start at once take one another's."""
    root = socket_root()
    if root is not None:
        config.KernelManager.transport = "ipc"
        config.Voila.connection_dir_root = root
    elif zmq.has("curve"):
        config.KernelManager.transport_encryption = "auto"


def _server(settings: AppSettings) -> dict[str, Any]:
    return {
        "notebook_path": str(settings.notebook),
        "ip": settings.ip,
        "base_url": settings.base_url,
        "open_browser": False,
        "config_file_paths": [],
        "log_level": "ERROR",
        "token": settings.token,
        "kernel_websocket_connection_class": GuardedConnection,
        "tornado_settings": {
            # The page has no login; with the check on, a closed tab could not end its kernel.
            "disable_check_xsrf": True,
            "ws_ping_interval": settings.ping_seconds * 1000,
            "ws_ping_timeout": PINGS_UNANSWERED * settings.ping_seconds * 1000,
            "websocket_max_message_size": MAX_MESSAGE_BYTES,
            "allow_remote_access": not (settings.is_local or settings.trusted_hosts),
            "local_hostnames": ["localhost", *settings.trusted_hosts],
            "headers": {"Content-Security-Policy": content_security_policy()},
        },
    }


def _page(settings: AppSettings) -> dict[str, Any]:
    return {
        "template": TEMPLATE,
        "theme": "light",
        "allow_template_override": "NO",
        "allow_theme_override": "NO",
        "show_tracebacks": False,
        "strip_sources": not settings.document,
        "file_allowlist": [],
        "extension_allowlist": EXTENSIONS,
        "extension_denylist": [],
        "kernel_spec_manager_class": OwnPythonKernels,
        "multi_kernel_manager_class": PageKernels,
        "resources": {"puzzle": _page_facts(settings), "document": _document(settings)},
    }


def _page_facts(settings: AppSettings) -> dict[str, float]:
    poll = min(LONGEST_POLL_SECONDS, max(1.0, settings.idle_timeout / 4))
    return {"idleSeconds": settings.idle_timeout, "pollSeconds": poll}


def _document(settings: AppSettings) -> dict[str, str] | None:
    """What the page says of a notebook that is a document; None for a page of widgets alone."""
    if not settings.document:
        return None
    return {"title": settings.document, "name": settings.notebook.name}
