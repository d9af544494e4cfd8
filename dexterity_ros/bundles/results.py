"""The measured figures in a bundle's manifest. They are not part of its id."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from dexterity_ros.contracts import config
from dexterity_ros.contracts.errors import BundleError
from dexterity_ros.contracts.manifest import MANIFEST_FILE


def check_unmeasured(bundle: Path, name: str) -> None:
    """Raises BundleError when the manifest has figures under this name: the first measurement counts."""
    if name in config.read_mapping(bundle / MANIFEST_FILE).get("results", {}):
        raise BundleError(f"{bundle / MANIFEST_FILE} has figures of {name!r} already; take another seed")


def add_result(bundle: Path, name: str, figures: Mapping[str, Any]) -> None:
    """Adds figures to the manifest. Raises BundleError when it has some under this name."""
    check_unmeasured(bundle, name)
    content = config.read_mapping(bundle / MANIFEST_FILE)
    content["results"] = {**content.get("results", {}), name: dict(figures)}
    (bundle / MANIFEST_FILE).write_text(yaml.safe_dump(content, sort_keys=False, default_flow_style=None, width=110))
