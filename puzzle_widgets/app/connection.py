"""Between a kernel and its page: what comes for a page that has gone is dropped."""

from __future__ import annotations

from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection


class OpenConnection(ZMQChannelsWebsocketConnection):
    """Sends to open pages only.

    Of a page that has just been closed the message format is no longer known; a chart's message
    would then be taken for one of another format, whose reading ends in endless work for the
    whole server.
    """

    def handle_outgoing_message(self, stream: str, outgoing_msg: list[Any]) -> None:
        """Pass a kernel's message on, if its page is there."""
        page = self.websocket_handler.ws_connection
        if page is not None and not page.is_closing():
            super().handle_outgoing_message(stream, outgoing_msg)
