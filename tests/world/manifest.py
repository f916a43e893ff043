"""Manifests as data: what a test changes is one argument. JSON is YAML."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

SONNET = "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
HAIKU = "eu.anthropic.claude-haiku-4-5-20251001-v1:0"


def guardrail(strength: str = "MEDIUM", **more: Any) -> dict[str, Any]:
    """A guardrail with several policies; ``strength`` is that of one filter."""
    return {
        "description": "For letters.",
        "blockedInputMessaging": "I cannot help with that.",
        "blockedOutputsMessaging": "I cannot answer that.",
        "contentPolicyConfig": {
            "filtersConfig": [
                {"type": "HATE", "inputStrength": strength, "outputStrength": "HIGH"},
                {"type": "INSULTS", "inputStrength": "LOW", "outputStrength": "LOW"},
                {"type": "PROMPT_ATTACK", "inputStrength": "HIGH", "outputStrength": "NONE"},
            ]
        },
        "wordPolicyConfig": {"wordsConfig": [{"text": "guaranteed"}, {"text": "reserve"}]},
        **more,
    }


def use_case(
    name: str = "mail",
    *,
    prompts: Iterable[str] = ("answer",),
    guardrails: Mapping[str, Mapping[str, Any]] | None = None,
    model: str = SONNET,
    profile: bool = True,
    **spec: Any,
) -> dict[str, Any]:
    """A use case of one model, its prompts and guardrails. The prompt ``plain`` uses the model without a profile."""
    return {
        "apiVersion": "releaser.dev/v1",
        "kind": "UseCase",
        "metadata": {"name": name, "owner": "letters@example.com", "labels": {"costCenter": "4711"}},
        "spec": {
            "description": "Answers letters.",
            "governance": {
                "riskTier": "minimal",
                "dataClassification": "internal",
                "intendedUse": "Clerks see a draft of the answer and may change it.",
            },
            "models": {
                "answer": {"modelId": model, "profile": profile, "inference": {"temperature": 0.2, "maxTokens": 300}},
                "plain": {"modelId": SONNET},
            },
            "guardrails": guardrails if guardrails is not None else {"main": guardrail()},
            "prompts": {
                p: {
                    "file": f"prompts/{p}.md",
                    "model": "plain" if p == "plain" else "answer",
                    "variables": ["letter"],
                }
                for p in prompts
            },
            **spec,
        },
    }


def environment(name: str, account: str, **spec: Any) -> dict[str, Any]:
    """An environment of one account that follows main, without limits that slow tests; None takes a member out."""
    document: dict[str, Any] = {
        "apiVersion": "releaser.dev/v1",
        "kind": "Environment",
        "metadata": {"name": name},
        "spec": {
            "track": "main",
            "targets": [{"account": account, "region": "eu-central-1"}],
            "safety": {"maxDeletePercent": 100, "maxUpdatePercent": 100, "minPopulation": 10},
            "rates": {"read": 1000.0, "write": 1000.0},
            "rollbackWindow": "1d",
            **spec,
        },
    }
    document["spec"] = {k: v for k, v in document["spec"].items() if v is not None}
    return document


def text(document: Any) -> str:
    """A document as it is written to disk."""
    return json.dumps(document, indent=2) + "\n"
