"""The address the app listens at: taken early and held, so that nobody else gets it in between."""

from __future__ import annotations

import socket

from tornado.netutil import bind_sockets

from puzzle_widgets.errors import ServerError

PREFERRED_PORT = 8866


def listen_at(ip: str, port: int | None) -> list[socket.socket]:
    """Bind the sockets of the server.

    Parameters
    ----------
    ip
        Address to listen at.
    port
        The port to take, or None for 8866 where it is free and any free one otherwise.

    Raises
    ------
    ServerError
        If the port asked for is taken or not allowed, or the address is not this machine's.
    """
    if port is not None:
        return _bind(ip, port)
    try:
        return bind_sockets(PREFERRED_PORT, ip)
    except OSError:
        return _bind(ip, 0)


def port_of(sockets: list[socket.socket]) -> int:
    """Port that bound sockets listen at."""
    return int(sockets[0].getsockname()[1])


def _bind(ip: str, port: int) -> list[socket.socket]:
    try:
        return bind_sockets(port, ip)
    except (OSError, OverflowError) as error:
        raise ServerError(
            f"port {port} on {ip} cannot be used: {error}; "
            "name another port, or none to take any that is free"
        ) from error
