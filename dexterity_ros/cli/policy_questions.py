"""Asks at a terminal what a policy's file does not say; every answer is checked when it is given, and none is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from dexterity_ros.bundles.importers.answers import EXAMPLES, check_answer
from dexterity_ros.bundles.importers.contract import Contract, contract_of, missing, question
from dexterity_ros.bundles.importers.foreign import Foreign, shapes
from dexterity_ros.bundles.importers.read import read_policy
from dexterity_ros.cli.check import check_task
from dexterity_ros.cli.output import console, say, say_labelled
from dexterity_ros.contracts import config, yaml_text
from dexterity_ros.contracts.errors import BundleError, ConfigError, DexterityError
from dexterity_ros.contracts.files import naming, shown_path
from dexterity_ros.contracts.hand import HandFile
from dexterity_ros.contracts.object import load_labels
from dexterity_ros.contracts.ranges import shown
from dexterity_ros.contracts.resources import data_root

_GUESS = "?"


class PolicyQuestions:
    """What people say about one policy's file: what --contract says, then what they type."""

    def __init__(self, file: Path, hand: HandFile, contract: Path | None) -> None:
        self._file, self._hand, self._contract = file, hand, contract
        self._given = {} if contract is None else config.read_mapping(contract)
        self._before = self._given
        self._where = "--contract" if contract is None else shown_path(contract)

    def known(self) -> tuple[Foreign, Contract]:
        """Returns the policy and its contract as far as it is known. Raises DexterityError."""
        foreign = read_policy(self._file, self._given)
        return foreign, contract_of(foreign, self._given, self._where)

    def complete(self) -> tuple[Foreign, Contract]:
        """Returns the policy and its complete contract, after all questions. Raises DexterityError."""
        foreign, contract = self.known()
        still = missing(foreign, contract)
        if still:
            self._begin(foreign, contract, len(still))
        while still:
            self._ask(still[0], len(still))
            foreign, contract = self.known()
            still = missing(foreign, contract)
        return foreign, contract

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Writes what was typed into a file when what is inside fails or is interrupted."""
        try:
            yield
        except BaseException:
            if self._given != self._before:
                self._keep()
            raise

    def _begin(self, foreign: Foreign, contract: Contract, count: int) -> None:
        say(f"{shown_path(self._file)}, {foreign.dialect}")
        say(f"  in: {_ports(foreign, outputs=False)}")
        say(f"  out: {_ports(foreign, outputs=True)}")
        for line in hints(foreign, contract):
            say(f"  {line}")
        say(f"{counted(count, 'question')}; what you answer may bring further ones. Nothing is assumed.")
        say(f"A guess: end the answer with {_GUESS} and it is marked unverified. Ctrl-C keeps the answers in a file.")

    def _ask(self, name: str, left: int) -> None:
        """Takes in one answer that can be."""
        say("")
        say_labelled(name, f" ({left} to go): {question(name)}", "bold")
        if shape := example(name, self._hand):
            say(f"  such as {shape}")
        while True:
            try:
                text = input("> ").strip()
            except EOFError as error:
                raise BundleError(f"no answer to {name}") from error
            try:
                self._given = self._with(name, text)
                return
            except DexterityError as error:
                say(f"{error}. Again:")

    def _with(self, name: str, text: str) -> dict[str, Any]:
        """Returns the answers with one more. Raises DexterityError when it cannot be."""
        said = text.rstrip(f" {_GUESS}")
        if not said:
            raise BundleError(f"no answer to {name}; nothing is assumed in its place")
        given = with_answer(self._given, name, yaml_text.parse(said, name))
        if text.endswith(_GUESS):
            field = "observation" if name.startswith("observation.") else name
            given["unverified"] = [*dict.fromkeys([*(given.get("unverified") or []), field])]
        foreign = read_policy(self._file, given)
        contract = contract_of(foreign, given, "your answer")
        check_answer(name, foreign, contract, self._hand)
        if name == "task":
            check_task(contract.task or "")
        if name == "object":
            load_labels(contract.object or "")
        return given

    def _keep(self) -> None:
        path = self._free()
        with naming(path):
            path.write_text(yaml.safe_dump(self._given, sort_keys=False, default_flow_style=None, width=110))
        console.print()  # what was typed last has no end of line
        say(f"wrote {shown_path(path)}: the answers so far; go on with --contract {shown_path(path)}")

    def _free(self) -> Path:
        """Returns a file here that is not yet there, or that --contract named and the answers came from."""
        names = [f"{self._file.stem}_contract{number}.yaml" for number in ("", *range(2, 1000))]
        return next(p for p in map(Path, names) if not p.exists() or p == self._contract)


def hints(foreign: Foreign, contract: Contract) -> list[str]:
    """Returns what the file calls its joints and terms."""
    terms = [name for names in foreign.terms.values() for name in names]
    lines = [f"It calls its joints {list(contract.joint_names)}."] if contract.joint_names else []
    return [*lines, f"It calls its terms {terms}."] if terms else lines


def example(name: str, hand: HandFile) -> str:
    """Returns what an answer looks like: one, or all names that there are; nothing where the question says so."""
    if name == "task":
        return ", ".join(sorted(path.stem for path in (data_root() / "config/tasks").glob("*.yaml")))
    if name == "object":
        return ", ".join(sorted(path.name for path in (data_root() / "models/objects").iterdir()))
    return f"[{', '.join(hand.joint_names)}]" if name == "joint_order" else EXAMPLES.get(name, "")


def with_answer(given: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Returns the answers with one more. Raises ConfigError where it has no place."""
    first, _, rest = name.partition(".")
    if first == "observation" and rest:
        term = rest.removesuffix(".told")
        rows = [row | ({"told": value} if row.get("name") == term else {}) for row in given[first]]
        return given | {first: rows}
    if not rest:
        return given | {first: value}
    before = given.get(first) or {}
    if not isinstance(before, dict):
        raise ConfigError(f"{first} is {shown(before)}, expected keys and values")
    return given | {first: before | {rest: value}}


def missing_lines(names: list[str], hand: HandFile) -> list[str]:
    """Returns what a file does not say, one thing a line, each with an example."""
    rows = [(name, example(name, hand)) for name in names]
    return [f"{name}: {question(name)}" + (f"; such as {such}" if such else "") for name, such in rows]


def counted(count: int, what: str) -> str:
    """Returns a number with its noun, such as "1 thing" or "17 things"."""
    return f"{count} {what}" + ("s" if count != 1 else "")


def _ports(foreign: Foreign, *, outputs: bool) -> str:
    found = shapes(foreign.model, outputs=outputs)
    return ", ".join(f"{name} ({' x '.join(str(n or 'any') for n in shape)})" for name, shape in found.items())
