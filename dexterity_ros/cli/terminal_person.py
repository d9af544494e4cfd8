"""Who sits at the terminal: shown a question and its choices, answers with a number or the beginning of a choice."""

from dexterity_ros.bringup.manual import HandError
from dexterity_ros.bringup.person import Question
from dexterity_ros.cli.output import say


class TerminalPerson:
    """Somebody at this terminal."""

    def watch(self) -> None:
        """Asks for attention."""
        say("Look at the hand.")

    def ask(self, question: Question) -> str:
        """Returns the choice whose number or name was typed. Raises HandError when the input is closed."""
        if question.picture is not None:
            say(f"  picture: {question.picture}")
        say(question.text)
        say("  " + "  ".join(f"{k} {choice}" for k, choice in enumerate(question.choices, 1)))
        while True:
            if (choice := _chosen(question.choices)) is not None:
                return choice


def _chosen(choices: tuple[str, ...]) -> str | None:
    """Returns what was typed, or None when it is no choice. Raises HandError when nobody can type."""
    try:
        typed = input("> ").strip().lower()
    except EOFError as error:
        raise HandError("nobody can answer: the input is closed; run it in a terminal") from error
    if typed.isdecimal() and 1 <= int(typed) <= len(choices):
        return choices[int(typed) - 1]
    found = [choice for choice in choices if typed and choice.startswith(typed)]
    if len(found) != 1:
        say(f"expected a number from 1 to {len(choices)}")
    return found[0] if len(found) == 1 else None
