"""The policies of the example environments."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from golden_cases import HERE, hold

from releaser.core.iam.role import Role
from releaser.core.iam.roles import permissions
from releaser.pipeline.permitting import place, scene_of
from releaser.render.iam import policies_json

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("role", Role)
def test_the_examples_need_this(role: Role, environment: str) -> None:
    found = policies_json(role, environment, permissions(role, scene_of(place(ROOT, environment, None))))
    hold(HERE / "iam" / f"{environment}-{role}.json", found)
    for one in json.loads(found)["policies"]:
        assert one["characters"] <= 6144
