"""The life of a use case that is made of every kind at once: first release, a change of everything, removals, the
deletion after the rollback window."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from releaser import sandbox
from releaser.core.sources import Source, written
from world import story
from world.crash import Tripwire
from world.desk import DAY, Desk
from world.manifest import SONNET, guardrail, use_case
from world.process import Zygote

BUCKET = "assembly-documents"
HERE = {"LocationConstraint": "eu-central-1"}
PRO, LITE, MICRO = (f"eu.amazon.nova-{size}-v1:0" for size in ("pro", "lite", "micro"))
_ROLE = f"arn:aws:iam::{story.ACCOUNT}:role/genai"
_GUARD = {"guardrailIdentifier": "${guardrail/main.id}", "guardrailVersion": "${guardrail/main.version}"}
TEXT = "Answer the question from the passages.\n\n{{passages}}\n\n{{question}}\n"
Document = dict[str, Any]


# -- knowledge bases


def _pinned(documents: dict[str, str]) -> tuple[str, str]:
    """A source manifest and its digest."""
    rows = [Source(k, "", hashlib.sha256(t.encode()).hexdigest(), len(t)) for k, t in sorted(documents.items())]
    text = written(rows)
    return text, hashlib.sha256(text.encode()).hexdigest()


def _base(index: int, *sources: Document, **more: Any) -> Document:
    return {
        "description": "What people ask about.",
        "roleArn": _ROLE,
        "knowledgeBaseConfiguration": {
            "type": "VECTOR",
            "vectorKnowledgeBaseConfiguration": {"embeddingModelArn": "amazon.titan-embed-text-v2:0"},
        },
        "storageConfiguration": {
            "type": "OPENSEARCH_SERVERLESS",
            "opensearchServerlessConfiguration": {
                "collectionArn": f"arn:aws:aoss:eu-central-1:{story.ACCOUNT}:collection/vectors",
                "vectorIndexName": f"index-{index}",
                "fieldMapping": {"vectorField": "v", "textField": "t", "metadataField": "m"},
            },
        },
        "dataSources": list(sources),
        **more,
    }


def _source(name: str, chunk: int = 300, **more: Any) -> Document:
    return {
        "name": name,
        "dataSourceConfiguration": {
            "type": "S3",
            "s3Configuration": {"bucketArn": f"arn:aws:s3:::{BUCKET}", "inclusionPrefixes": [f"{name}/"]},
        },
        "vectorIngestionConfiguration": {
            "chunkingConfiguration": {
                "chunkingStrategy": "FIXED_SIZE",
                "fixedSizeChunkingConfiguration": {"maxTokens": chunk, "overlapPercentage": 20},
            }
        },
        **more,
    }


FIRST_DOCUMENTS = {"policies/a.txt": "Storms are covered.", "rules/a.txt": "Ask first.", "letters/a.txt": "Dear all"}
NEW_DOCUMENTS = {"policies/b.txt": "Floods are not.", "rules/b.txt": "Then answer."}


def _fill(desk: Desk, documents: dict[str, str]) -> None:
    s3 = desk.client("s3")
    if BUCKET not in [b["Name"] for b in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=HERE)
    for key, text in documents.items():
        s3.put_object(Bucket=BUCKET, Key=key, Body=text.encode(), ChecksumAlgorithm="SHA256")


def _content(desk: Desk, documents: dict[str, str], *sources: str) -> Document:
    """Writes the source manifests of some data sources, and pins them."""
    found = {}
    for name in sources:
        text, digest = _pinned({k: t for k, t in documents.items() if k.startswith(f"{name}/")})
        desk.repo.write(f"manifests/mail/data/{name}.jsonl", text)
        found[name] = {"manifest": f"data/{name}.jsonl", "sha256": digest}
    return found


# -- flow


def _node(name: str, inputs: Document, outputs: Document, **configuration: Any) -> Document:
    node: Document = {"name": name, "type": name, "configuration": configuration}
    if inputs:
        node["inputs"] = [{"name": n, "type": t, "expression": "$.data"} for n, t in inputs.items()]
    if outputs:
        node["outputs"] = [{"name": n, "type": t} for n, t in outputs.items()]
    return node


def _line(start: str, end: str) -> Document:
    (source, out), (target, into) = start.split("."), end.split(".")
    configuration = {"data": {"sourceOutput": out, "targetInput": into}}
    return {
        "name": f"{source}{target}{into}",
        "type": "Data",
        "source": source,
        "target": target,
        "configuration": configuration,
    }


def _flow() -> Document:
    prompt = {
        "sourceConfiguration": {"resource": {"promptArn": "${prompt/answer.versionArn}"}},
        "guardrailConfiguration": _GUARD,
    }
    return {
        "description": "One question, one answer.",
        "executionRoleArn": _ROLE,
        "alias": {"description": "For the form."},
        "definition": {
            "nodes": [
                _node("Input", {}, {"document": "String"}, input={}),
                _node(
                    "KnowledgeBase",
                    {"retrievalQuery": "String"},
                    {"retrievalResults": "Array"},
                    knowledgeBase={"knowledgeBaseId": "${knowledge-base/policies.id}"},
                ),
                _node(
                    "Prompt", {"passages": "Array", "question": "String"}, {"modelCompletion": "String"}, prompt=prompt
                ),
                _node(
                    "Agent",
                    {"agentInputText": "String"},
                    {"agentResponse": "String"},
                    agent={"agentAliasArn": "${agent-alias/typist.arn}"},
                ),
                _node("Output", {"document": "String"}, {}, output={}),
            ],
            "connections": [
                _line("Input.document", "KnowledgeBase.retrievalQuery"),
                _line("KnowledgeBase.retrievalResults", "Prompt.passages"),
                _line("Input.document", "Prompt.question"),
                _line("Prompt.modelCompletion", "Agent.agentInputText"),
                _line("Agent.agentResponse", "Output.document"),
            ],
        },
    }


# -- agents


def _agent(instruction: str, **more: Any) -> Document:
    return {
        "agentResourceRoleArn": _ROLE,
        "foundationModel": SONNET,
        "instruction": instruction,
        "guardrailConfiguration": _GUARD,
        **more,
    }


def _group(name: str, *functions: str) -> Document:
    return {
        "actionGroupName": name,
        "actionGroupExecutor": {"customControl": "RETURN_CONTROL"},
        "functionSchema": {"functions": [{"name": f, "parameters": {"line": {"type": "string"}}} for f in functions]},
    }


def _knows(base: str, description: str) -> Document:
    return {"knowledgeBaseId": f"${{knowledge-base/{base}.id}}", "description": description}


def _colleague(name: str, instruction: str) -> Document:
    alias = {"aliasArn": f"${{agent-alias/{name}.arn}}"}
    return {"collaboratorName": name, "agentDescriptor": alias, "collaborationInstruction": instruction}


# -- the stages


def _router(other: str, difference: float) -> Document:
    return {
        "models": [{"modelArn": "${inference-profile/answer.arn}"}, {"modelArn": other}],
        "fallbackModel": {"modelArn": other},
        "routingCriteria": {"responseQualityDifference": difference},
    }


def _born(desk: Desk) -> Document:
    _fill(desk, FIRST_DOCUMENTS)
    return use_case(
        prompts=(),
        promptRouters={"cheap": _router(LITE, 10)},
        knowledgeBases={
            "policies": _base(1, _source("policies"), content=_content(desk, FIRST_DOCUMENTS, "policies")),
            "notes": _base(
                2,
                _source("rules"),
                _source("letters"),
                _source("old"),
                updates="inPlace",
                content=_content(desk, FIRST_DOCUMENTS, "rules", "letters"),
            ),
        },
        flows={"answer": _flow()},
        agents={
            "lead": _agent(
                "Send each question to the colleague who knows, and join what they say.",
                agentCollaboration="SUPERVISOR",
                collaborators=[_colleague("typist", "Writes well.")],
            ),
            "clerk": _agent(
                "Look it up before you answer, and name the section that says so.",
                alias={"description": "For the chat."},
                actionGroups=[_group("search", "find"), _group("handover", "askColleague")],
                knowledgeBases=[_knows("policies", "All policies."), _knows("notes", "How we answer.")],
            ),
            "typist": _agent("Write what you are told in plain words, and in short sentences."),
        },
    )


def _declare(desk: Desk, document: Document, text: str = TEXT) -> None:
    variables = ["passages", "question"]
    prompt = {"file": "prompts/answer.md", "model": "answer", "variables": variables, "guardrail": "main"}
    document["spec"]["prompts"] = {"answer": prompt}
    desk.repo.declare(document, {"answer": text})


def _first(desk: Desk) -> None:
    _declare(desk, _with_model(_born(desk), PRO))


def _with_model(document: Document, model: str) -> Document:
    document["spec"]["models"]["answer"]["modelId"] = model
    return document


def _changed(desk: Desk) -> Document:
    """Every kind, and every part of one, in every way: something is new, something is other, something is gone."""
    document = _with_model(_born(desk), MICRO)
    documents = {**FIRST_DOCUMENTS, **NEW_DOCUMENTS}
    _fill(desk, documents)
    spec = document["spec"]
    spec["guardrails"] = {"main": guardrail("HIGH")}
    spec["promptRouters"] = {"cheap": _router(LITE, 20)}
    spec["knowledgeBases"] = {
        "policies": _base(3, _source("policies", 400), content=_content(desk, documents, "policies")),
        "notes": _base(
            2,
            _source("rules", description="What we were told."),
            _source("letters", 200),
            _source("new"),
            description="What we know ourselves.",
            updates="inPlace",
            content=_content(desk, documents, "rules", "letters"),
        ),
    }
    flow = spec["flows"]["answer"]
    flow["description"] = "One question, one short answer."
    flow["alias"] = {"description": "For the form and the mail."}
    agents = spec["agents"]
    agents["clerk"] |= {
        "instruction": "Look it up before you answer, name the section that says so, and be brief.",
        "actionGroups": [_group("search", "find", "open"), _group("calendar", "today")],
        "knowledgeBases": [_knows("policies", "All policies."), _knows("notes", "How we have to answer.")],
    }
    agents["lead"]["collaborators"] = [_colleague("typist", "Writes very well."), _colleague("clerk", "Knows.")]
    return document


CHANGED_TEXT = TEXT.replace("Answer", "Briefly answer")


def _change(desk: Desk) -> None:
    _declare(desk, _changed(desk), CHANGED_TEXT)


def _removal(desk: Desk) -> None:
    """Without the flow, the router, a knowledge base and an agent that another one works with."""
    document = _changed(desk)
    spec = document["spec"]
    del spec["flows"], spec["promptRouters"], spec["knowledgeBases"]["notes"], spec["agents"]["typist"]
    spec["agents"]["lead"]["collaborators"] = [_colleague("clerk", "Knows.")]
    spec["agents"]["clerk"]["knowledgeBases"] = [_knows("policies", "All policies.")]
    gone = ("flows.answer.alias", "knowledgeBases.notes", "agents.typist.alias")
    reason = "Nobody uses it any more."
    spec["allow"] = [{"at": place, "change": "delete", "reason": reason} for place in gone]
    _declare(desk, document, CHANGED_TEXT)


def _much_later(desk: Desk) -> None:
    desk.later += 30 * DAY


STAGES: story.Stages = {"first": _first, "change": _change, "removal": _removal, "deletion": _much_later}


def new_desk(
    zygote: Zygote, box: sandbox.SandboxProcess, folder: Path, *, server: bool = False
) -> tuple[Desk, Tripwire]:
    """An empty account, and a clone."""
    return story.new_desk(zygote, box, folder, server=server)
