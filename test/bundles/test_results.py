"""Measured figures go into a manifest beside what the bundle is, and are not replaced."""

import shutil

import pytest

from dexterity_ros.bundles.results import add_result, check_unmeasured
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.manifest import bundle_id, load_manifest
from dexterity_ros.contracts.resources import resource

FIGURES = {"rate": 0.9, "rate_ci95": [0.8, 0.95], "consecutive": {"mean": 20.5}}


@pytest.fixture
def bundle(tmp_path):
    return shutil.copytree(resource("models/policies/leap_yaw"), tmp_path / "mine")


def test_figures_stand_in_the_manifest_and_the_id_stays(bundle):
    before = bundle_id(bundle)
    add_result(bundle, "dactyl, seed 7", FIGURES)
    add_result(bundle, "dactyl, seed 8", FIGURES)
    results = load_manifest(bundle).results
    assert results["dactyl, seed 7"] == results["dactyl, seed 8"] == FIGURES and bundle_id(bundle) == before


def test_the_first_measurement_counts(bundle):
    add_result(bundle, "dactyl, seed 7", FIGURES)
    with pytest.raises(BundleError, match="seed 7"):
        add_result(bundle, "dactyl, seed 7", {"rate": 1.0})
    with pytest.raises(BundleError, match="another seed"):
        check_unmeasured(bundle, "dactyl, seed 7")
    assert load_manifest(bundle).results["dactyl, seed 7"] == FIGURES
