"""What the docstring of a command's options says, in its parts."""

import inspect
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Text:
    """about: one line. details: what else a person should know. json_keys: empty for a command without --json."""

    about: str
    details: str
    json_keys: str


def text_of(options: type[Any]) -> Text:
    """Returns the parts of a docstring: first line, the rest, and what follows `JSON keys:`."""
    told, _, _ = (inspect.getdoc(options) or "").partition("Attributes:\n")
    prose, _, json_keys = told.partition("JSON keys:\n")
    about, _, details = prose.partition("\n")
    return Text(about=about.strip(), details=details.strip(), json_keys=json_keys.strip())
