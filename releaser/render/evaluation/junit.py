"""A judgement as JUnit XML, for the test reports of CI: a test case a metric."""

from __future__ import annotations

from releaser.core.evaluation.judgement import Judgement
from releaser.render.reports.checks import of_judgements
from releaser.render.reports.junit import junit


def judgement_junit(found: Judgement) -> str:
    """ERROR and PENDING are errors, FAIL and INCONCLUSIVE failures of that type."""
    return junit(f"evaluation of {found.use_case} for {found.environment}", of_judgements([found]))
