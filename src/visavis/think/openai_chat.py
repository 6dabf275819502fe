"""Any server with OpenAI's chat-completions API, without quirks: the embedded model's own is one."""

from __future__ import annotations

from visavis.kernel.timeouts import Timeouts
from visavis.think.chat_wire import ChatWire
from visavis.think.http_llm import HttpLlm


class OpenAiChat(HttpLlm):
    name = "openai_compatible"

    def __init__(
        self, base_url: str, model: str, *, key: str = "", timeouts: Timeouts | None = None, local: bool = False
    ) -> None:
        """`base_url` is what stands before "/chat/completions". `local`: no proxy, a connection for each request."""
        super().__init__(ChatWire(), base_url, model, key=key, timeouts=timeouts, local=local)
