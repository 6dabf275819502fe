"""Anthropic's Claude.

Source: Anthropic's Messages API, image blocks with base64 sources, version 2023-06-01.
"""

from __future__ import annotations

from typing import Any

from visavis.see.vlm import MOST_TOKENS, HttpVision, Post


class ClaudeVision(HttpVision):
    name = "claude"
    vendor_url = "https://api.anthropic.com/v1"
    vendor_key_env = "ANTHROPIC_API_KEY"

    def post(self, jpeg: str, text: str) -> Post:
        picture = {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": jpeg}}
        body = {
            "model": self.model,
            "max_tokens": MOST_TOKENS,
            "messages": [{"role": "user", "content": [picture, {"type": "text", "text": text}]}],
        }
        headers = {"anthropic-version": "2023-06-01"}
        if self._key:
            headers["x-api-key"] = self._key
        return Post(f"{self._url}/messages", headers, body)

    def words(self, answer: Any) -> str:
        return "".join(block["text"] for block in answer["content"] if block["type"] == "text")
