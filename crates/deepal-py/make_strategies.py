"""Writes `python/deepal/strategies.py` from the engine's list: run it after a strategy or setting has changed."""

import textwrap
from pathlib import Path

from deepal import _deepal

TARGET = Path(__file__).parent / "python" / "deepal" / "strategies.py"

HEAD = '''"""A class for each strategy of the engine's list.

Made by `make_strategies.py`; do not edit.
"""

from __future__ import annotations

import numpy as np

from ._strategy import Strategy

__all__ = [
{names}]
'''

CLASS = '''

class {class_name}(Strategy):
    """{summary}

{details}

    Looks at: {looks_at}.

    Parameters
    ----------
{parameters}    random_state : int, numpy.random.Generator or None, default=None
        The seed for `query`: the same number gives the same picks, None other picks each time.

    References
    ----------
{source}
    """

    name = "{name}"
    needs = frozenset({needs})
    wants = frozenset({wants})
    starts_cold = {starts_cold}

    def __init__(
        self,
        *,
{arguments}        random_state: int | np.random.Generator | np.random.RandomState | None = None,
    ) -> None:
{assignments}        self.random_state = random_state
'''

PARAMETER = """    {argument} : {kind}, default={default}
        {about}
"""

# Names that are one word in lower case and two in papers.
SPELLED = {"typiclust": "TypiClust", "deepfool": "DeepFool"}


def class_name(name: str) -> str:
    return SPELLED.get(name, "".join(part.capitalize() for part in name.split("-")))


def folded(text: str, indent: str) -> str:
    return textwrap.fill(text, 110, initial_indent=indent, subsequent_indent=indent, break_long_words=False)


def sentence(text: str) -> str:
    text = text[0].upper() + text[1:]
    return text if text.endswith(".") else text + "."


def one(entry: dict) -> str:
    parameters, arguments, assignments = "", "", ""
    for setting in entry["settings"]:
        # `lambda` is a word of Python.
        argument = setting["name"] + ("_" if setting["name"] == "lambda" else "")
        kind, default = type(setting["default"]).__name__, repr(setting["default"])
        about = f"{setting['about']} {sentence(setting['range'])} Source: {sentence(setting['source'])}"
        parameters += PARAMETER.format(
            argument=argument, kind=kind, default=default, about=folded(about, " " * 8).strip()
        )
        arguments += f"        {argument}: {kind} = {default},\n"
        assignments += f"        self.{argument} = {argument}\n"
    keywords = lambda names: "{" + ", ".join(f'"{name}"' for name in names) + "}" if names else ""
    return CLASS.format(
        class_name=class_name(entry["name"]),
        summary=sentence(entry["summary"]),
        details=folded(entry["details"], "    "),
        looks_at=folded(entry["looks_at"], "    ").strip(),
        parameters=parameters,
        source=folded(sentence(entry["source"]), "    "),
        name=entry["name"],
        needs=keywords(entry["needs"]),
        wants=keywords(entry["wants"]),
        starts_cold=entry["starts_cold"],
        arguments=arguments,
        assignments=assignments,
    )


def module() -> str:
    entries = _deepal.strategies()
    names = "".join(f'    "{name}",\n' for name in sorted(class_name(entry["name"]) for entry in entries))
    return HEAD.format(names=names) + "".join(map(one, entries))


if __name__ == "__main__":
    TARGET.write_text(module(), encoding="utf-8")
