"""Thinking: language models, the prompt's context, tools."""
