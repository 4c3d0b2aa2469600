"""What the served page and its server refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

pytest.importorskip("playwright")
from playwright.sync_api import Page

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.browser

START_MS = 60_000

# Sends code to the page's kernel, then a request that is answered, so that no answer is a refusal.
SEND_CODE = """async ([code]) => {
  const { baseUrl, kernelId } = JSON.parse(
    document.getElementById("jupyter-config-data").textContent);
  const socket = new WebSocket(
    `ws://${location.host}${baseUrl}api/kernels/${kernelId}/channels?session_id=test`);
  const message = (type, content) => JSON.stringify({
    header: { msg_id: type, msg_type: type, session: "test", username: "", version: "5.3",
              date: new Date().toISOString() },
    parent_header: {}, metadata: {}, content, channel: "shell", buffers: [] });
  await new Promise((open) => { socket.onopen = open; });
  const answered = new Promise((resolve) => {
    setTimeout(() => resolve("no answer within a minute"), 60000);
    socket.onmessage = (event) => {
      const answer = JSON.parse(event.data);
      if (answer.parent_header.msg_id === "kernel_info_request" &&
          answer.msg_type === "kernel_info_reply") resolve(answer.content.status);
    };
  });
  socket.send(message("execute_request", { code, silent: false }));
  socket.send(message("kernel_info_request", {}));
  return await answered;
}"""

LOAD_FOREIGN_SCRIPT = """() => new Promise((resolve) => {
  document.addEventListener("securitypolicyviolation", (event) => resolve(event.blockedURI));
  const script = document.createElement("script");
  script.src = "https://foreign.invalid/script.js";
  document.head.appendChild(script);
})"""


@pytest.fixture
def opened(page: Page, standin_url: str) -> Page:
    """The stand-in page, ready for use."""
    page.goto(standin_url)
    page.locator(".t-figure .bar").first.wait_for(state="attached", timeout=START_MS)
    return page


def test_policy_refuses_foreign_scripts(opened: Page) -> None:
    """The browser refuses a script of another host, by the policy that came with the page."""
    assert opened.evaluate(LOAD_FOREIGN_SCRIPT) == "https://foreign.invalid/script.js"


def test_code_over_the_websocket_is_refused(opened: Page, tmp_path: Path) -> None:
    """A page cannot run code of its own in the kernel, only speak to its widgets."""
    written = tmp_path / "written"
    code = f"open({str(written)!r}, 'w').close()"
    assert opened.evaluate(SEND_CODE, [code]) == "ok"
    assert not written.exists()


def test_template_cannot_be_chosen_by_the_visitor(page: Page, standin_url: str) -> None:
    """The address of the page cannot swap its template for one that loads from elsewhere."""
    page.goto(f"{standin_url}?template=classic&theme=dark")
    page.locator("#pzw-theme").wait_for(timeout=START_MS)
    assert page.title() == "puzzle-widgets"


def test_policy_comes_with_the_page(page: Page, standin_url: str) -> None:
    """The page comes with a policy that lets nothing in from outside, and no frames around it."""
    response = page.goto(standin_url)
    assert response is not None
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "http" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"


def test_source_is_not_served(standin_url: str) -> None:
    """The notebook's source cannot be fetched."""
    assert answer_of_refusal(f"{standin_url}voila/files/page.ipynb").code == 403


def test_foreign_host_name_is_refused(standin_url: str) -> None:
    """A page of another host cannot reach the server by a name of its own for this machine."""
    assert answer_of_refusal(standin_url, {"Host": "rebound.example"}).code == 403


def answer_of_refusal(url: str, headers: dict[str, str] | None = None) -> HTTPError:
    """The server's answer, which has to be a refusal."""
    with pytest.raises(HTTPError) as caught:
        urlopen(Request(url, headers=headers or {}), timeout=30)  # noqa: S310
    caught.value.close()
    return caught.value
