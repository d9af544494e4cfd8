"""A shipped bundle to damage, and the one line with which `dexterity check` refuses it."""

import shutil
import time

import pytest
import yaml

from dexterity_ros.cli.check import check
from dexterity_ros.cli.options.check import CheckOptions
from dexterity_ros.contracts.errors import DexterityError
from dexterity_ros.contracts.manifest import sha256

PROMPT_S = 10.0


@pytest.fixture
def copy(bundle, tmp_path):
    return shutil.copytree(bundle, tmp_path / "copy")


@pytest.fixture
def manifest(copy):
    return copy / "manifest.yaml"


@pytest.fixture
def edit():
    """Changes a YAML file."""
    return _edit


def _edit(path, change):
    content = yaml.safe_load(path.read_text())
    change(content)
    path.write_text(yaml.safe_dump(content))


@pytest.fixture
def sign(copy):
    """Makes the digests in the manifest those of the files, as who damaged them on purpose would."""

    def sign():
        _edit(copy / "manifest.yaml", lambda m: m.update(network_sha256=sha256(copy / "policy.onnx")))
        _edit(copy / "manifest.yaml", lambda m: m.update(golden_sha256=sha256(copy / "golden_io.npz")))

    return sign


@pytest.fixture
def refusal(copy, capsys):
    """Gives the one line with which the bundle is refused, promptly."""

    def refusal(**options):
        began = time.perf_counter()
        with pytest.raises(DexterityError) as refused:
            check(CheckOptions(bundle=copy, **options))
        assert time.perf_counter() - began < PROMPT_S
        assert "fits" not in capsys.readouterr().out
        said = str(refused.value)
        assert "\n" not in said and said.isprintable() and len(said) < 2000
        return said

    return refusal
