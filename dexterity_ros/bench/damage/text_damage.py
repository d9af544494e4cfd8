"""Change to YAML: what people and editors do to it. Seeded."""

import re
from collections.abc import Callable

import numpy as np

from dexterity_ros.bench.damage.byte_damage import Change

_NUMBER = re.compile(rb"(?<=[\s\[,:-])-?\d+(?:\.\d+)?(?=[\s\],}])")
_WORD = re.compile(rb"(?<=[\s\[,{])[a-z_]{3,}(?=[\s\],:])")
_ITEM = re.compile(rb", [^,\[\]{}\n]+(?=[,\]])")


def _number_to(text: bytes) -> Change:
    """Returns the damage that puts a text in the place of one number."""
    return lambda content, rng: _replace(_NUMBER, content, rng, lambda _found: text)


def _replace(
    pattern: re.Pattern[bytes], content: bytes, rng: np.random.Generator, by: Callable[[bytes], bytes]
) -> bytes:
    """Returns the content with one match of a pattern, drawn, replaced."""
    found = list(pattern.finditer(content))
    if not found:
        return content
    match = found[rng.integers(len(found))]
    return content[: match.start()] + by(match[0]) + content[match.end() :]


def _nudged(number: bytes) -> bytes:
    return repr(int(number) + 1).encode() if number.lstrip(b"-").isdigit() else repr(float(number) * 1.01).encode()


def _line_lost(content: bytes, rng: np.random.Generator) -> bytes:
    lines = content.splitlines(keepends=True)
    del lines[rng.integers(len(lines))]
    return b"".join(lines)


def _line_doubled(content: bytes, rng: np.random.Generator) -> bytes:
    lines = content.splitlines(keepends=True)
    place = rng.integers(len(lines))
    return b"".join([*lines[: place + 1], *lines[place:]])


def _alias_bomb(content: bytes, _rng: np.random.Generator) -> bytes:
    levels = [b"bomb0: &b0 [x, x, x, x, x, x, x, x, x]"]
    levels += [b"bomb%d: &b%d [%s]" % (i, i, b", ".join([b"*b%d" % (i - 1)] * 9)) for i in range(1, 10)]
    return content.rstrip() + b"\n" + b"\n".join(levels) + b"\n"


TEXT: dict[str, Change] = {
    "a number nudged": lambda content, rng: _replace(_NUMBER, content, rng, _nudged),
    "a number negated": lambda content, rng: _replace(_NUMBER, content, rng, lambda number: b"-" + number.lstrip(b"-")),
    "a number not a number": _number_to(b".nan"),
    "a number infinite": _number_to(b"-.inf"),
    "a number huge": _number_to(b"1000000000.0"),
    "a number of 6000 digits": _number_to(b"9" * 6000),
    "a number with an exponent": _number_to(b"1e9"),
    "a number a word": _number_to(b"fast"),
    "a number nested deeply": _number_to(b"[" * 5000),
    "a number an alias of itself": _number_to(b"&a [*a]"),
    "a number with a tag": _number_to(b"!!python/object/apply:os.getpid []"),
    "a list shortened": lambda content, rng: _replace(_ITEM, content, rng, lambda _item: b""),
    "a list lengthened": lambda content, rng: _replace(_ITEM, content, rng, lambda item: item * 2),
    "a word misspelled": lambda content, rng: _replace(_WORD, content, rng, lambda word: word[1::-1] + word[2:]),
    "an escape code in a word": lambda content, rng: _replace(_WORD, content, rng, lambda w: b'"\\e[2J' + w + b'"'),
    "a byte that is not UTF-8": lambda content, rng: _replace(_WORD, content, rng, lambda word: word + b"\xff"),
    "a line lost": _line_lost,
    "a line doubled": _line_doubled,
    "an alias bomb": _alias_bomb,
    "a key that nobody knows": lambda content, _rng: content.rstrip() + b"\nnobody_knows: 1\n",
}  # fmt: skip
