"""JSON Schemas of what is printed and written: the plan, and the runtime document that applications read."""

from __future__ import annotations

from typing import get_args

from releaser.core.diff import Origin
from releaser.core.kind import Verb
from releaser.core.manifest import Allowed
from releaser.core.plan import FORMAT as PLAN_FORMAT
from releaser.core.plan import SUMMARY_KEYS, Action, Risk, Wave
from releaser.core.runtime_document import FORMAT as RUNTIME_FORMAT
from releaser.render.schema_parts import DIALECT, Schema, closed, listed, mapped

_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer", "minimum": 0}
_DIGEST: Schema = {"type": "string", "pattern": "^([0-9a-f]{64})?$"}
_ADDRESS: Schema = {"type": "string", "pattern": "^[^/]+/[^/]+/[^/]+$"}
_RISK: Schema = {"enum": [r.value for r in Risk]}
_RELEASE: Schema = {"type": "string", "description": "`r12`; empty or `unreleased` where no tag names the content."}


def plan_schema() -> Schema:
    """``schemas/plan.v1.json``."""
    return {
        "$schema": DIALECT,
        "$id": "https://releaser.dev/schemas/plan.v1.json",
        "title": "Plan",
        "description": "What would be done in one account and region, and why. Holds no free text of any resource.",
        **closed(
            format={"const": PLAN_FORMAT},
            digest=_DIGEST | {"description": "Binds this file: planning again must give the same."},
            environment=_TEXT,
            account={"type": "string", "pattern": "^[0-9]{12}$"},
            region=_TEXT,
            commit=_TEXT,
            summary=closed(**dict.fromkeys(SUMMARY_KEYS, _COUNT)),
            observed=closed(assumed=_COUNT, read=_COUNT),
            room=listed(
                closed(
                    kind=_TEXT,
                    used=_COUNT,
                    limit=_COUNT,
                    needs=_COUNT,
                    source={"enum": ["Service Quotas", "AWS's documentation"]},
                )
            ),
            useCases=listed(_use_case()),
            drift=listed(_drift()),
            changes=listed(_change()),
            steps=listed(_step()),
            diagnostics=listed({"$ref": "#/$defs/diagnostic"}),
        ),
        "$defs": {"diagnostic": diagnostic_schema(), "value": _value()},
    }


def runtime_schema() -> Schema:
    """``schemas/runtime.v1.json``: sections are open, for kinds to come; the known ones are described."""
    ref = {"type": "string", "minLength": 1}
    prompt = closed(("arn",), arn=ref, model=_TEXT, guardrail=_TEXT)
    agent = closed(("agentId", "agentAliasId"), agentId=ref, agentAliasId=ref, enabled={"const": False})
    flow = closed(("flowIdentifier",), flowIdentifier=ref, flowAliasIdentifier=ref)
    inference = {"type": "object", "description": "AWS's inference parameters."}
    return {
        "$schema": DIALECT,
        "$id": "https://releaser.dev/schemas/runtime.v1.json",
        "title": "Runtime configuration",
        "description": "What an application reads at run time: the versions that are live, by the manifest's names.",
        "type": "object",
        "properties": {
            "format": {"const": RUNTIME_FORMAT},
            "useCase": _TEXT,
            "release": _RELEASE,
            "digest": {"type": "string", "pattern": "^(sha256:[0-9a-f]{64})?$"},
            "enabled": {"type": "boolean", "description": "False: the application must not call the model."},
            "prompts": mapped(prompt),
            "guardrails": mapped(closed(id=ref, version=ref)),
            "agents": mapped(agent),
            "flows": mapped(flow),
            "models": mapped(closed(("modelId",), modelId=ref, inference=inference)),
        },
        "required": ["format", "useCase", "release", "digest", "enabled"],
        "additionalProperties": {"type": "object"},
    }


def diagnostic_schema() -> Schema:
    """One problem, as every command prints it."""
    return closed(
        code=_TEXT,
        severity={"enum": ["error", "warning"]},
        path=_TEXT,
        line={"type": "integer", "minimum": 1},
        column={"type": "integer", "minimum": 1},
        message=_TEXT,
        hint=_TEXT,
    )


def _use_case() -> Schema:
    return closed(
        useCase=_TEXT,
        release=_RELEASE,
        releaseDigest=_DIGEST,
        changeDigest=_DIGEST | {"description": "What a review approves: steps, stamps and the content seen before."},
        risk=_RISK | {"description": "The worst class of its changes."},
        concerns=listed(closed(at=_TEXT, change={"enum": list(get_args(Allowed))}, risk=_RISK, text=_TEXT))
        | {"description": "What may need an allowance: an entry of `spec.allow` with this `at` and `change`."},
        processing=mapped(listed(_TEXT))
        | {"description": "Model or guardrail profile that it names: the regions that may process what is sent to it."},
        steps=_COUNT,
        blocked=listed({"$ref": "#/$defs/diagnostic"}) | {"description": "Reasons why nothing is planned for it."},
    )


def _drift() -> Schema:
    return closed(
        address=_ADDRESS,
        path=_TEXT | {"description": "Empty: the whole resource."},
        before={"$ref": "#/$defs/value", "description": "Live."},
        after={"$ref": "#/$defs/value", "description": "What git says."},
        reason={"enum": ["changed-live", "deleted-live"]},
    )


def _change() -> Schema:
    return closed(
        address=_ADDRESS,
        kind=_TEXT,
        name=_TEXT | {"description": "Its name in AWS."},
        action={"enum": [a.value for a in Action]},
        risk=_RISK,
        reason=_TEXT,
        publishes={"type": "boolean"},
        version=_TEXT | {"description": "In use before this plan."},
        quota=_TEXT,
        remarks=listed(closed(effect={"enum": ["stronger", "weaker", "changed", "neutral"]}, text=_TEXT, path=_TEXT))
        | {"description": "What it means in words; weaker: it protects less."},
        fields=listed(
            closed(
                path=_TEXT,
                before={"$ref": "#/$defs/value"},
                after={"$ref": "#/$defs/value"},
                origin={"enum": [o.value for o in Origin]},
            )
        ),
    )


def _step() -> Schema:
    return closed(
        address=_ADDRESS,
        verb={"enum": [v.value for v in Verb]},
        target=_TEXT | {"description": "A live id, for what is no longer declared."},
        wave={"enum": [w.value for w in Wave]},
        stamp=_DIGEST,
        bodyDigest=_DIGEST,
        before=_DIGEST | {"description": "Digest of the content seen; empty when absent."},
        rewrite={"type": "boolean"},
        retag={"type": "boolean"},
        needs=listed(_TEXT),
    )


def _value() -> Schema:
    hidden = closed(sha256={"type": "string", "pattern": "^[0-9a-f]{12}$"}, length=_COUNT)
    return {
        "description": "Null: absent. A free text is told by digest and length; `${...}` is known after apply.",
        "anyOf": [
            {"type": ["null", "boolean", "number", "string"]},
            hidden,
            {"type": "array", "items": {"$ref": "#/$defs/value"}},
            {"type": "object", "additionalProperties": {"$ref": "#/$defs/value"}},
        ],
    }
