"""`visavis serve`"""

from __future__ import annotations

import argparse

from visavis.cli.options import Subparsers, add_agent, add_config, chosen_agent, chosen_settings

_HELP = """\
Serves calls with one agent: the call page at /, WebRTC signalling, and plain PCM on /ws/audio.

Engines load before the first call is accepted; callers who come earlier wait. When the worker process dies, a
new one is started, and callers who come back within 30 s go on with their conversation.

  visavis serve                              the demo agent on http://127.0.0.1:8080/
  visavis serve --agent shop.toml --port 0   your agent on any free port
"""


def add_parser(subparsers: Subparsers) -> None:
    parser = subparsers.add_parser(
        "serve",
        help="serve calls: the call page, WebRTC and /ws/audio",
        description=_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_agent(parser)
    add_config(parser)
    parser.add_argument("--host", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (default 8080; 0: any free one)")
    parser.add_argument("--max-sessions", type=int, metavar="N", help="calls at one time (default 4)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    from visavis.server.serving import serve

    settings = chosen_settings(options, host=options.host, port=options.port, max_sessions=options.max_sessions)
    return serve(chosen_agent(options), settings=settings)
