"""A small set of our own for `visavis bench tools`: what people ask in calls, and the tools an agent might have."""

from __future__ import annotations

from typing import Any


def _tool(name: str, description: str, required: str = "", **properties: dict[str, Any]) -> dict[str, Any]:
    wanted = required.split() if required else list(properties)
    schema = {"type": "dict", "properties": properties, "required": wanted}
    return {"name": name, "description": description, "parameters": schema}


def _text(description: str, *choices: str) -> dict[str, Any]:
    return {"type": "string", "description": description} | ({"enum": list(choices)} if choices else {})


def _whole(description: str) -> dict[str, Any]:
    return {"type": "integer", "description": description}


_TABLE = _tool(
    "book_table",
    "Books a table in our restaurant.",
    guests=_whole("how many people"),
    day=_text("the day of the week, in English"),
    hour=_whole("the hour of the day, 0 to 23"),
)
_ORDER = _tool("find_order", "Tells where an order is.", number=_text("the order number"))
_CANCEL = _tool("cancel_order", "Cancels an order.", number=_text("the order number"))
_HOURS = _tool("opening_hours", "Tells when the shop is open.", day=_text("the day of the week, in English"))
_ROOM = _tool(
    "room_temperature",
    "Sets how warm a room is.",
    room=_text("which room", "kitchen", "bedroom", "bathroom", "living room"),
    celsius=_whole("degrees Celsius"),
)
_LIGHT = _tool(
    "switch_light",
    "Switches the light of a room on or off.",
    room=_text("which room", "kitchen", "bedroom", "bathroom", "living room"),
    on={"type": "boolean", "description": "true: on"},
)
_EXCHANGE = _tool(
    "exchange_money",
    "Converts an amount of money into another currency.",
    amount={"type": "float", "description": "how much"},
    source=_text("three-letter code of the currency it is in"),
    target=_text("three-letter code of the currency wanted"),
)
_REPAIR = _tool(
    "book_repair",
    "Books the repair of a bicycle.",
    "part",
    part=_text("what is broken", "brakes", "chain", "tire", "light"),
    express={"type": "boolean", "description": "done the same day"},
)
_TIMER = _tool("set_timer", "Sets a kitchen timer.", minutes=_whole("how long, in minutes"))
_INVITE = _tool(
    "invite",
    "Invites people to a meeting.",
    names={"type": "array", "items": {"type": "string"}, "description": "first names"},
    room=_text("the meeting room"),
)


def _asks(number: int, said: str, *tools: dict[str, Any], **right: dict[str, list[Any]]) -> dict[str, Any]:
    return {"id": f"own-{number}", "said": said, "tools": tools, "right": right}


OWN: dict[str, list[dict[str, Any]]] = {
    "simple": [
        _asks(
            1,
            "A table for four on Friday at seven in the evening, please.",
            _TABLE,
            book_table={"guests": [4], "day": ["Friday"], "hour": [19]},
        ),
        _asks(2, "Where is my order B 7 3 1?", _ORDER, find_order={"number": ["B731", "B 7 3 1"]}),
        _asks(3, "When do you open on Tuesday?", _HOURS, opening_hours={"day": ["Tuesday"]}),
        _asks(
            4, "Make the bedroom eighteen degrees.", _ROOM, room_temperature={"room": ["bedroom"], "celsius": [18]}
        ),
        _asks(
            5,
            "It is dark in the kitchen, turn the light on.",
            _LIGHT,
            switch_light={"room": ["kitchen"], "on": [True]},
        ),
        _asks(
            6,
            "How much is 250 US dollars in euros?",
            _EXCHANGE,
            exchange_money={"amount": [250], "source": ["USD"], "target": ["EUR"]},
        ),
        _asks(
            7,
            "My chain broke and I need the bike today.",
            _REPAIR,
            book_repair={"part": ["chain"], "express": [True, ""]},
        ),
        _asks(8, "Remind me of the eggs in six minutes.", _TIMER, set_timer={"minutes": [6]}),
        _asks(
            9,
            "Invite Nora and Jamal to room Blue.",
            _INVITE,
            invite={"names": [["Nora", "Jamal"]], "room": ["Blue", "room Blue"]},
        ),
        _asks(10, "Please cancel order 5518.", _CANCEL, cancel_order={"number": ["5518"]}),
    ],
    "multiple": [
        _asks(11, "Please cancel order 5518.", _ORDER, _CANCEL, cancel_order={"number": ["5518"]}),
        _asks(12, "Has order 90 21 left already?", _CANCEL, _ORDER, find_order={"number": ["9021", "90 21"]}),
        _asks(
            13,
            "Turn off the lamp in the bathroom.",
            _ROOM,
            _LIGHT,
            _TIMER,
            switch_light={"room": ["bathroom"], "on": [False]},
        ),
        _asks(
            14,
            "The living room should be 21 degrees.",
            _LIGHT,
            _ROOM,
            room_temperature={"room": ["living room"], "celsius": [21]},
        ),
        _asks(
            15,
            "We are two and would come on Sunday at noon.",
            _HOURS,
            _TABLE,
            book_table={"guests": [2], "day": ["Sunday"], "hour": [12]},
        ),
        _asks(16, "Are you open on Monday?", _TABLE, _HOURS, _REPAIR, opening_hours={"day": ["Monday"]}),
        _asks(
            17,
            "My brakes squeak, can you fix them some time?",
            _HOURS,
            _REPAIR,
            book_repair={"part": ["brakes"], "express": [False, ""]},
        ),
        _asks(18, "Ten minutes for the pasta, please.", _TIMER, _LIGHT, set_timer={"minutes": [10]}),
        _asks(
            19,
            "Get Ada and Tom into room Green.",
            _TIMER,
            _INVITE,
            invite={"names": [["Ada", "Tom"]], "room": ["Green", "room Green"]},
        ),
        _asks(
            20,
            "What are 80 Swiss francs in Japanese yen?",
            _TIMER,
            _EXCHANGE,
            _ORDER,
            exchange_money={"amount": [80], "source": ["CHF"], "target": ["JPY"]},
        ),
    ],
    "irrelevance": [
        _asks(21, "What is the capital of Peru?", _TABLE),
        _asks(22, "Can you recommend a film for tonight?", _TIMER),
        _asks(23, "How tall is Mount Kenya?", _EXCHANGE),
        _asks(24, "Write me a birthday card for my aunt.", _ORDER),
        _asks(25, "Is it going to rain tomorrow?", _LIGHT),
        _asks(26, "Please translate good night into Italian.", _HOURS),
        _asks(27, "What is the square root of 144?", _REPAIR),
        _asks(28, "Who painted the Night Watch?", _INVITE),
        _asks(29, "Order me a taxi to the station.", _ROOM),
        _asks(30, "What did the shares of the railway do today?", _CANCEL),
    ],
}
