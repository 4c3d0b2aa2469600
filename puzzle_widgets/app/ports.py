"""The address the app listens at: taken early and held, so that nobody else gets it in between."""

from __future__ import annotations

import socket

from puzzle_widgets.errors import ServerError

PREFERRED_PORT = 8866
_HIGHEST_PORT = 65_535


def listen_at(ip: str, port: int | None) -> socket.socket:
    """Take the port of the server.

    Parameters
    ----------
    ip
        Address to listen at.
    port
        The port to take, or None for 8866 where it is free and any free one otherwise.

    Returns
    -------
    socket.socket
        A socket that listens already.

    Raises
    ------
    ServerError
        If the port asked for is taken or not allowed, or the address is not this machine's.
    """
    if port is not None:
        return _bind(ip, port)
    try:
        return _bind(ip, PREFERRED_PORT)
    except ServerError:
        return _bind(ip, 0)


def port_of(listener: socket.socket) -> int:
    """Port that a socket listens at."""
    return int(listener.getsockname()[1])


def _bind(ip: str, port: int) -> socket.socket:
    if not 0 <= port <= _HIGHEST_PORT:
        raise ServerError(f"port {port} is none; give 1 to {_HIGHEST_PORT}, or 0 for any free one")
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    try:
        listener = socket.create_server((ip, port), family=family)
    except OSError as error:
        raise ServerError(
            f"port {port} on {ip} cannot be used: {error.strerror}; "
            "name another port, or none to take any that is free"
        ) from error
    listener.settimeout(0)
    return listener
