"""Google's Gemini.

Source: Gemini API, `models.generateContent` with inline data, v1beta.
"""

from __future__ import annotations

from typing import Any

from visavis.see.vlm import MOST_TOKENS, HttpVision, Post


class GeminiVision(HttpVision):
    name = "gemini"
    vendor_url = "https://generativelanguage.googleapis.com/v1beta"
    vendor_key_env = "GEMINI_API_KEY"

    def post(self, jpeg: str, text: str) -> Post:
        parts = [{"inline_data": {"mime_type": "image/jpeg", "data": jpeg}}, {"text": text}]
        body = {
            "contents": [{"role": "user", "parts": parts}],
            "generationConfig": {"maxOutputTokens": MOST_TOKENS, "temperature": 0},
        }
        headers = {"x-goog-api-key": self._key} if self._key else {}
        return Post(f"{self._url}/models/{self.model}:generateContent", headers, body)

    def words(self, answer: Any) -> str:
        """A picture that Gemini refuses has no candidate: that is a KeyError, and so no answer."""
        return "".join(part.get("text", "") for part in answer["candidates"][0]["content"]["parts"])
