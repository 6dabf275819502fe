"""visavis: an open-source video AI agent, face to face.

from visavis import Agent, serve

serve(Agent(name="Ada", instructions="You answer questions about our shop."))
"""

from __future__ import annotations

from visavis.kernel.agent import Agent, Stack
from visavis.kernel.errors import VisavisError
from visavis.kernel.settings import Settings
from visavis.kernel.tool import Grounded, McpServer, tool
from visavis.server.serving import serve

__version__ = "0.1.0"
__all__ = ["Agent", "Grounded", "McpServer", "Settings", "Stack", "VisavisError", "serve", "tool"]
