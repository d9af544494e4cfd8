"""Every command's work is where the table says, takes the options that the table says, and is loaded when asked for."""

import inspect
import sys

import pytest

from dexterity_ros import __version__
from dexterity_ros.cli.commands import Command, commands, options_class, work
from dexterity_ros.cli.main import dispatch
from dexterity_ros.contracts.errors import ConfigError

NAMES = dict(commands())
LEARNING = ("dexterity_ros.cli.train", "dexterity_ros.training", "dexterity_ros.studies")


@pytest.mark.parametrize("name", NAMES)
def test_the_work_takes_its_options(name):
    try:
        function = work(NAMES[name])
    except ConfigError as error:
        pytest.skip(str(error))
    (parameter,) = inspect.signature(function).parameters.values()
    assert parameter.annotation is options_class(NAMES[name])


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("train ")])
def test_a_missing_extra_is_one_line_that_says_what_to_install(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    for module in [m for m in sys.modules if m.startswith(LEARNING)]:
        monkeypatch.delitem(sys.modules, module)
    with pytest.raises(ConfigError, match=r"a package is missing \(.*torch.*\): pip install '\.\[train,"):
        work(NAMES[name])


def test_a_mistake_of_ours_is_not_taken_for_a_missing_package():
    with pytest.raises(ImportError):
        work(Command("", "", "no_such_module:work"))


def test_the_version_is_that_of_the_package(capsys):
    assert dispatch(["--version"]) == 0
    assert capsys.readouterr().out == f"dexterity {__version__}\n"
