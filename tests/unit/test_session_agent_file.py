"""Agent files: what a builder gets wrong is said with file, line and key."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from visavis.kernel.agent import DEFAULT_GREETING, DEFAULT_TRIGGERS, Stack, Trigger
from visavis.kernel.errors import ConfigError
from visavis.session.agent_file import load_agent

GOOD = 'name = "Ada"\ninstructions = "You answer."\n'


@pytest.fixture(autouse=True)
def _forget_modules() -> object:
    yield_to = set(sys.modules)
    yield None
    for name in set(sys.modules) - yield_to:
        if name.startswith("visavis_agent_"):
            del sys.modules[name]
    return None


def written(folder: Path, text: str, name: str = "agent.toml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path) -> ConfigError:
    with pytest.raises(ConfigError) as told:
        load_agent(path)
    return told.value


def test_a_short_file_is_enough(tmp_path: Path) -> None:
    agent = load_agent(written(tmp_path, GOOD))
    assert (agent.name, agent.instructions, agent.language) == ("Ada", "You answer.", "en")
    assert agent.greeting == DEFAULT_GREETING
    assert agent.opening == "Hello! I'm Ada. How can I help you?"


def test_all_keys(tmp_path: Path) -> None:
    written(tmp_path, 'def hours(day: str) -> str:\n    """Opening hours."""\n    return day\n', "tools.py")
    more = 'voice = "v"\nlanguage = "es"\ngreeting = ""\ntools = ["tools.py:hours", "math:floor"]\n'
    agent = load_agent(written(tmp_path, GOOD + more + '[stack]\nllm = "openai"\n'))
    assert (agent.voice, agent.language, agent.opening) == ("v", "es", "")
    assert [tool.__name__ for tool in agent.tools] == ["hours", "floor"]
    assert agent.stack == Stack(llm="openai")


def test_triggers_are_tables(tmp_path: Path) -> None:
    assert load_agent(written(tmp_path, GOOD)).triggers == DEFAULT_TRIGGERS
    table = '[[triggers]]\non = "people"\ntell = "Greet them."\ncooldown_s = 5\n'
    assert load_agent(written(tmp_path, GOOD + table)).triggers == (Trigger("people", "Greet them.", 5.0),)
    assert load_agent(written(tmp_path, GOOD + "triggers = []\n")).triggers == ()
    assert "agent.toml" in refused(written(tmp_path, GOOD + '[[triggers]]\non = "smoke"\n')).where


def test_a_missing_name_is_asked_for(tmp_path: Path) -> None:
    error = refused(written(tmp_path, 'instructions = "x"\n'))
    assert "agent.toml:1" in error.where
    assert "name" in error.message


@pytest.mark.parametrize("key", ["name", "instructions"])
def test_an_empty_one_is_refused_on_its_line(tmp_path: Path, key: str) -> None:
    other = "instructions" if key == "name" else "name"
    error = refused(written(tmp_path, f'# mine\n{other} = "x"\n{key} = "  "\n'))
    assert error.where.endswith("agent.toml:3")
    assert error.message.endswith(f"{key}: must not be empty")


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (GOOD + 'voise = "x"\n', 3, "unknown setting 'voise'"),
        (GOOD + "voice = 3\n", 3, "voice: expected `str`, got `int`"),
        (GOOD + '[stack]\nllm = "x"\nears = "x"\n', 5, "unknown setting 'stack.ears'"),
        (GOOD + "[stak]\n", 3, "unknown setting 'stak'"),
        ('name = "Ada\n', 1, "not valid TOML"),
        (GOOD + 'tools = ["hours"]\n', 3, "'hours' is not 'file.py:function' or 'package.module:function'"),
        (GOOD + 'tools = ["gone.py:hours"]\n', 3, "no such file"),
        (GOOD + 'tools = ["no_such_package.x:hours"]\n', 3, "'no_such_package.x' cannot be imported"),
        (GOOD + 'tools = [".x:hours"]\n', 3, "'.x' cannot be imported"),
        (GOOD + 'tools = ["math:hours"]\n', 3, "'math' has no function 'hours'"),
        (GOOD + 'tools = ["math:pi"]\n', 3, "'math' has no function 'pi'"),
    ],
)
def test_what_is_wrong_has_a_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    error = refused(written(tmp_path, text))
    assert said in error.message
    assert error.where.endswith(f"agent.toml:{line}"), error


def test_a_tool_file_that_does_not_parse_names_its_own_line(tmp_path: Path) -> None:
    written(tmp_path, "x = 1\ndef hours(:\n", "tools.py")
    error = refused(written(tmp_path, GOOD + 'tools = ["tools.py:hours"]\n'))
    assert error.where.endswith("tools.py:2")
    assert "SyntaxError" in error.message


def test_a_python_file_with_one_agent(tmp_path: Path) -> None:
    text = 'from visavis import Agent\nada = Agent(name="Ada", instructions="You answer.")\n'
    assert load_agent(written(tmp_path, text, "agent.py")).name == "Ada"


def test_the_same_agent_under_two_names_is_one(tmp_path: Path) -> None:
    text = 'from visavis import Agent\nada = Agent(name="Ada", instructions="x")\nagent = ada\n'
    assert load_agent(written(tmp_path, text, "agent.py")).name == "Ada"


@pytest.mark.parametrize(("agents", "count"), [("", 0), ("a = Agent('A', 'x')\nb = Agent('B', 'x')\n", 2)])
def test_a_python_file_needs_exactly_one_agent(tmp_path: Path, agents: str, count: int) -> None:
    error = refused(written(tmp_path, f"from visavis import Agent\n{agents}", "agent.py"))
    assert f"{count} agents in the file" in error.message
    assert error.where.endswith("agent.py")
    assert "Agent(name=" in error.hint


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("x = 1\ny = = 2\n", 2, "SyntaxError"),
        ("x = 1\n\ny = 1 / 0\n", 3, "ZeroDivisionError"),
        ("def f():\n    raise ValueError('no')\n\nf()\n", 2, "ValueError: no"),
        ("import no_such_package\n", 1, "ModuleNotFoundError"),
        ("from visavis import Agent\nAgent(nam='x')\n", 2, "TypeError"),
        ("import sys\nsys.exit(3)\n", 2, "SystemExit"),
    ],
)
def test_a_python_file_that_fails_names_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    error = refused(written(tmp_path, text, "agent.py"))
    assert said in error.message
    assert error.where.endswith(f"agent.py:{line}")


def test_other_files_are_no_agents(tmp_path: Path) -> None:
    assert "no agent file" in refused(written(tmp_path, "", "agent.yaml")).message
    assert "no such file" in refused(tmp_path / "gone.toml").message
    assert "no such file" in refused(tmp_path / "gone.py").message
