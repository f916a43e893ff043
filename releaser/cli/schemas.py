"""Every schema of ``schemas/``: path -> what makes it. A new format adds its line here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from releaser.core.entry import record_schema
from releaser.core.json_schema import approvers_schema, environment_schema, pin_schema, use_case_schema
from releaser.core.move import report_schema
from releaser.kinds import registry
from releaser.kinds.models import model
from releaser.render.audit import proof_schema
from releaser.render.audit_schemas import diff_schema, index_schema, serving_schema
from releaser.render.evaluation.data import evidence_schema, gate_schema
from releaser.render.schemas import plan_schema, runtime_schema


def schemas() -> dict[str, Mapping[str, Any]]:
    """Made anew at each call: kinds may have come."""
    return {
        "schemas/use-case.v1.json": use_case_schema(registry(), model),
        "schemas/environment.v1.json": environment_schema(),
        "schemas/pin.v1.json": pin_schema(),
        "schemas/approvers.v1.json": approvers_schema(),
        "schemas/audit-index.v1.json": index_schema(),
        "schemas/audit.v1.json": proof_schema(),
        "schemas/evidence.v1.json": evidence_schema(),
        "schemas/gate.v1.json": gate_schema(),
        "schemas/plan.v1.json": plan_schema(),
        "schemas/proposal.v1.json": report_schema(),
        "schemas/record.v1.json": record_schema(),
        "schemas/release-diff.v1.json": diff_schema(),
        "schemas/runtime.v1.json": runtime_schema(),
        "schemas/serving.v1.json": serving_schema(),
    }
