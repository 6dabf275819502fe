"""Vision models behind OpenAI's chat-completions API: OpenAI's own, and Qwen-VL, Llama 3.2 Vision or MiniCPM-V
on vLLM and the like.

Source: OpenAI API reference, "Create chat completion", image parts with data URLs; vLLM's multimodal inputs.
"""

from __future__ import annotations

from typing import Any

from visavis.see.vlm import MOST_TOKENS, HttpVision, Post


class OpenAiVision(HttpVision):
    name = "openai"
    vendor_url = "https://api.openai.com/v1"
    vendor_key_env = "OPENAI_API_KEY"

    def post(self, jpeg: str, text: str) -> Post:
        picture = {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{jpeg}"}}
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": [picture, {"type": "text", "text": text}]}],
            "max_tokens": MOST_TOKENS,
            "temperature": 0,
        }
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        return Post(f"{self._url}/chat/completions", headers, body)

    def words(self, answer: Any) -> str:
        told: str = answer["choices"][0]["message"]["content"]
        return told
