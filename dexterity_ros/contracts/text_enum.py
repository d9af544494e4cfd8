"""Enumerations whose members are their own lower-case names, for Python 3.10 too (StrEnum came with 3.11)."""

import enum


class TextEnum(str, enum.Enum):
    """Members made with `enum.auto()` are strings: the member's name in lower case."""

    @staticmethod
    def _generate_next_value_(name: str, start: int, count: int, last_values: list[str]) -> str:
        return name.lower()

    def __str__(self) -> str:
        return str(self.value)
