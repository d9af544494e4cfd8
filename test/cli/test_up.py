"""`dexterity up` takes every argument that it is given, or none."""

import pytest

from dexterity_ros.cli.options.up import UpOptions
from dexterity_ros.cli.up import up
from dexterity_ros.contracts.errors import ConfigError


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((("shadow:=maybe",),), "shadow is 'maybe'"),
        ((("shadow:=no",), ("shadow:=yes",)), "argument shadow is given twice: 'no' and 'yes'"),
        ((("shadow:=no", "seed:=x"),), "seed is 'x'"),
        ((("shadow",),), "argument 'shadow' is not NAME:=VALUE"),
        (((),), "--arg has nothing behind it"),
        ((("\x1b[2J:=1",),), r"no argument \['\\x1b\[2J'\]"),
    ],
)
def test_an_argument_that_cannot_be_taken_is_refused_before_anything_starts(arguments, said):
    with pytest.raises(ConfigError, match=said):
        up(UpOptions(system="sim", arg=arguments))
