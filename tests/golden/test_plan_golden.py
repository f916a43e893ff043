"""Manifest and live account to the plan, in the three formats."""

from __future__ import annotations

from pathlib import Path

import pytest
from golden_cases import cases, hold, plan_of

from releaser.kinds import registry
from releaser.render.data import plan_json, read_plan
from releaser.render.markdown import plan_markdown
from releaser.render.text import plan_text
from releaser.render.view import plan_view


@pytest.mark.parametrize("case", cases("plan"), ids=lambda p: p.name)
def test_a_plan_reads_as_it_was_agreed(case: Path) -> None:
    plan = plan_of(case)
    view = plan_view(plan, registry())
    saved = plan_json(view)
    hold(case / "plan.json", saved)
    hold(case / "plan.txt", plan_text(view))
    hold(case / "plan.values.txt", plan_text(plan_view(plan, registry(), show_values=True)))
    hold(case / "plan.md", plan_markdown(view))
    again = read_plan(saved.encode())
    assert (again.digest, again.environment, again.account) == (plan.digest, plan.environment, plan.account)
    assert [u.change_digest for u in again.use_cases] == [u.change_digest for u in plan.use_cases]
