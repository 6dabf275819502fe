"""Options that several commands share."""

from __future__ import annotations

import argparse
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from visavis.kernel.agent import Agent
from visavis.kernel.errors import ConfigError
from visavis.kernel.settings import Settings
from visavis.kernel.toml import load_settings
from visavis.session.agent_file import load_agent

Subparsers = Any
"""What `ArgumentParser.add_subparsers` returns; argparse gives it no public name."""


def add_agent(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--agent", metavar="FILE", help="agent file, .toml or .py (default: the demo agent that ships with visavis)"
    )


def add_config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config", metavar="FILE", help="settings file (default: visavis.toml here, if there is one)"
    )


def chosen_agent(options: argparse.Namespace) -> Agent:
    """Raises ConfigError."""
    if options.agent:
        return load_agent(options.agent)
    return load_agent(Path(str(resources.files("visavis") / "agents" / "reception.toml")))


def chosen_settings(options: argparse.Namespace, **server: Any) -> Settings:
    """The settings file with command-line values for `[server]` on top. Raises ConfigError."""
    settings = load_settings(options.config)
    given = {name: value for name, value in server.items() if value is not None}
    try:
        merged = msgspec.convert({**msgspec.to_builtins(settings.server), **given}, type(settings.server))
    except msgspec.ValidationError as error:
        raise ConfigError(f"command line: {error}") from error
    return msgspec.structs.replace(settings, server=merged)
