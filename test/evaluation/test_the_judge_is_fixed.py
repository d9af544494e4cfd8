"""The judge and its protocol are what they were when policies were first judged: whoever changes them sees it here."""

import hashlib
import json

import pytest

from dexterity_ros.contracts import config
from dexterity_ros.contracts.resources import named_resource

DIGESTS = {
    ("config/eval", "reality"): "ddff2bb629d63e8134e320da7b3e20ceadd1ba887b4349008405420c713c5223",
    ("config/eval", "second"): "44284054a044a64c9b23ddb03570f814e3b2516c904a318417425c2709499da3",
    ("config/protocols", "dactyl"): "e087039d0ddbd9e0a32714605b36456c118f768de1a8cc7fef77469cad19f4b5",
}


@pytest.mark.parametrize(("folder", "name"), DIGESTS)
def test_what_judges_has_not_changed(folder, name):
    content = config.read_resolved(named_resource(folder, name), folder)
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    assert digest == DIGESTS[folder, name], content
