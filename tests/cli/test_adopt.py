"""Resources that were made by hand in three accounts become manifests whose plans are empty."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from world import advisor
from world.desk import Desk, is_read
from world.manifest import HAIKU, SONNET, guardrail

ACCOUNTS = {"dev": "111111111111", "preprod": "222222222222", "prod": "333333333333"}
EVERYWHERE = ",".join(ACCOUNTS)
KEY = "arn:aws:kms:eu-central-1:{}:key/6f0c1a52-3d6e-4c8b-9b1f-0d2a7e5c4b{}"


@pytest.fixture
def desk(new_desk: Callable[..., Desk]) -> Desk:
    """A repository with three environments in three emptied accounts; comments in each environment."""
    found = new_desk()
    for name, account in ACCOUNTS.items():
        found.admin.reset(account=account)
        target = {"account": account, "region": "eu-central-1", "role": f"arn:aws:iam::{account}:role/releaser"}
        found.repo.environment(name, account, targets=[target])
        text = found.repo.root / "environments" / name / "environment.yaml"
        text.write_text(f"# the environment {name}\n" + yaml.safe_dump(json.loads(text.read_text())))
    found.repo.commit()
    return found


def client(desk: Desk, environment: str, service: str) -> Any:
    return desk.box.client(service, ACCOUNTS[environment])


def prompt(desk: Desk, environment: str, name: str, text: str, model: str = SONNET, **variant: Any) -> str:
    """A prompt with one version, as somebody makes it in the console; its version's ARN."""
    agent = client(desk, environment, "bedrock-agent")
    body: dict[str, Any] = {
        "name": "variantOne",
        "templateType": "TEXT",
        "templateConfiguration": {"text": {"text": text, "inputVariables": [{"name": "letter"}]}},
        "modelId": model,
        "inferenceConfiguration": {"text": {"temperature": 0.2}},
        **variant,
    }
    made = agent.create_prompt(name=name, defaultVariant="variantOne", variants=[body])
    return str(agent.create_prompt_version(promptIdentifier=made["id"], description="by hand")["arn"])


def by_hand(desk: Desk) -> None:
    """Ten resources in each of three accounts."""
    for number, (name, account) in enumerate(ACCOUNTS.items()):
        bedrock = client(desk, name, "bedrock")
        for noun, strength in (("input", "HIGH"), ("output", "MEDIUM")):
            body = guardrail(strength, kmsKeyId=KEY.format(account, f"1{number}"))
            made = bedrock.create_guardrail(name=f"claims-{name}-{noun}", **body)
            for _ in range(number + 1):  # version numbers differ between accounts
                bedrock.create_guardrail_version(guardrailIdentifier=made["guardrailId"])
        for noun in ("answer", "triage", "summary"):
            prompt(desk, name, f"claims-{noun}", f"A {noun} of {{{{letter}}}}, please. Not ${{this}}.")
        profile = bedrock.create_inference_profile(
            inferenceProfileName="claims-writer", modelSource={"copyFrom": _profile(account)}
        )["inferenceProfileArn"]
        prompt(desk, name, "claims-letter", "Write to {{letter}}.", profile)
        chat = {
            "chat": {
                "system": [{"text": "You are kind."}],
                "messages": [{"role": "user", "content": [{"text": "Say {{letter}}"}]}],
                "inputVariables": [{"name": "letter"}],
            }
        }
        prompt(desk, name, "claims-chat", "", templateType="CHAT", templateConfiguration=chat)
        arns = [f"arn:aws:bedrock:eu-central-1:{account}:inference-profile/{m}" for m in (SONNET, HAIKU)]
        bedrock.create_prompt_router(
            promptRouterName="claims-router",
            models=[{"modelArn": a} for a in arns],
            fallbackModel={"modelArn": arns[0]},
            routingCriteria={"responseQualityDifference": 10},
        )
        prompt(desk, name, "claims-extra", "Two {{letter}}", HAIKU)


def _profile(account: str) -> str:
    return f"arn:aws:bedrock:eu-central-1:{account}:inference-profile/{SONNET}"


def adopt(desk: Desk, *args: str, ok: int = 0) -> dict[str, Any]:
    ended = desk.run("adopt", "-e", EVERYWHERE, "--output", "json", *args, ok=ok)
    return {u["useCase"]: u for u in ended.json()["useCases"]}


def contents(desk: Desk) -> str:
    """Everything that the accounts hold, as text."""
    from world import account

    return json.dumps([account.content(lambda s, n=n: client(desk, n, s)) for n in ACCOUNTS], default=str)


def test_thirty_resources_become_a_manifest_with_empty_plans(desk: Desk) -> None:
    by_hand(desk)
    before = contents(desk)
    found = adopt(desk, "--use-case", "claims", "--name", "claims-*")["claims"]
    assert found["state"] == "written"
    assert found["resources"] == 10
    assert found["divergences"] == []
    assert found["plans"] == {e: {"empty": True, "found": []} for e in ACCOUNTS}
    assert contents(desk) == before, "nothing is written to AWS"

    folder = desk.repo.root / "manifests" / "claims"
    spec = yaml.safe_load((folder / "manifest.yaml").read_text())["spec"]
    assert spec["mode"] == "observe"
    assert spec["guardrails"]["input"]["name"] == "claims-${env.stage}-input"
    assert spec["guardrails"]["input"]["kmsKeyId"] == "${env.kmsKeyId}"
    assert "tierConfig" not in json.dumps(spec["guardrails"]), "server defaults are left out"
    assert spec["prompts"]["letter"]["model"] == "writer"
    assert spec["models"]["writer"]["profile"] is True
    assert (folder / "prompts" / "answer.md").read_text() == "A answer of {{letter}}, please. Not ${this}.\n"
    text = (desk.repo.root / "environments" / "prod" / "environment.yaml").read_text()
    assert text.startswith("# the environment prod\n")
    assert yaml.safe_load(text)["spec"]["bindings"]["stage"] == "prod"


def test_marked_resources_are_ours_and_nothing_is_published(desk: Desk) -> None:
    by_hand(desk)
    adopt(desk, "--use-case", "claims", "--name", "claims-*")
    desk.repo.commit("claims, observed")
    found = adopt(desk, "--mark")["claims"]
    assert found["marked"] == dict.fromkeys(ACCOUNTS, "marked")
    manifest = (desk.repo.root / "manifests" / "claims" / "manifest.yaml").read_text()
    assert "mode:" not in manifest
    desk.repo.commit("claims, ours")
    for name, account in ACCOUNTS.items():
        writes = [o for o in (r["operation"] for r in desk.admin.log(tail=100_000, account=account)) if not is_read(o)]
        after = writes[len(writes) - writes[::-1].index("bedrock-agent.CreatePromptVersion") :]
        assert {o.partition(".")[2] for o in after} == {"TagResource", "PutParameter"}, after
        plan = desk.run("plan", "-e", name, "--deep", "--output", "json").json()
        assert {s["address"] for s in plan["steps"]} <= {"claims/runtime-configuration/runtime"}, plan["steps"]
    desk.run("reconcile", "-e", "prod", ok=0)
    assert desk.run("plan", "-e", "prod", "--deep", "--detailed-exitcode").code == 0


def test_what_differs_is_told_and_nothing_is_written(desk: Desk) -> None:
    for name in ACCOUNTS:
        prompt(desk, name, "claims-answer", "Secret words of {{letter}}" + (" in prod" if name == "prod" else ""))
        made = client(desk, name, "bedrock").create_guardrail(
            name="claims-main", **guardrail("LOW" if name == "dev" else "HIGH")
        )
        client(desk, name, "bedrock").create_guardrail_version(guardrailIdentifier=made["guardrailId"])
    args = ("--use-case", "claims", "--name", "claims-*")
    found = adopt(desk, *args, ok=4)["claims"]
    assert found["state"] == "diverges"
    assert len(found["divergences"]) == 2, found["divergences"]
    assert "Secret" not in json.dumps(found)
    assert not (desk.repo.root / "manifests" / "claims").exists()
    found = adopt(desk, *args, "--take-first", ok=1)["claims"]
    assert {e: p["empty"] for e, p in found["plans"].items()} == {"dev": True, "preprod": False, "prod": False}


def test_many_use_cases_at_once_go_on_without_the_one_that_fails(desk: Desk) -> None:
    for name in ACCOUNTS:
        for use_case in ("mail", "chat", "voice"):
            prompt(desk, name, f"{use_case}_answer", f"{use_case} {{{{letter}}}}")
    desk.box.client("bedrock-agent", ACCOUNTS["dev"]).create_prompt(
        name="draft_only",
        defaultVariant="v",
        variants=[{"name": "v", "templateType": "TEXT", "templateConfiguration": {"text": {"text": "x"}}}],
    )
    args = ("--by-name", "{use-case}_*")
    found = adopt(desk, *args, ok=4)
    assert {n: u["state"] for n, u in found.items()} == {
        "chat": "written", "mail": "written", "voice": "written", "draft": "diverges",
    }  # fmt: skip
    manifest = desk.repo.root / "manifests" / "mail" / "manifest.yaml"
    manifest.write_text("# edited\n" + manifest.read_text())
    again = adopt(desk, *args, ok=4)
    assert again["mail"]["state"] == "kept"
    assert manifest.read_text().startswith("# edited\n")
    batch = Path(desk.repo.root) / "batch.yaml"
    batch.write_text("post: {prompt: [mail_answer]}\nlost: {prompt: nowhere}\n")
    found = adopt(desk, "--batch", str(batch), ok=1)
    assert found["post"]["state"] == "written" and found["lost"]["state"] == "failed"


def test_explicit_ids_match_what_names_do_not(desk: Desk) -> None:
    ids = {}
    for name, noun in (("dev", "first"), ("prod", "second")):
        ids[name] = prompt(desk, name, noun, "One {{letter}}").split("/")[1].split(":")[0]
    chosen = ",".join(f"{e}={i}" for e, i in ids.items())
    ended = desk.run("adopt", "-e", "dev,prod", "--use-case", "post", "--prompt", chosen, "--output", "json", ok=0)
    assert ended.json()["useCases"][0]["resources"] == 1
    spec = yaml.safe_load((desk.repo.root / "manifests" / "post" / "manifest.yaml").read_text())["spec"]
    (entry,) = spec["prompts"].values()
    assert entry["name"].startswith("${env.")


def test_wrong_usage_is_told(desk: Desk) -> None:
    assert desk.run("adopt", "-e", "dev", "--guardrial", "x").code == 64
    assert desk.run("adopt", "-e", "dev", "--name", "x").code == 64


def test_a_flow_an_agent_and_a_knowledge_base_refer_to_each_other_again(new_desk: Callable[..., Desk]) -> None:
    """What releaser made, without tags and records, is what somebody made by hand."""
    desk = new_desk()
    advisor.settle_in(desk)
    desk.repo.commit("first")
    desk.reconcile()
    forget(desk)
    chosen = ("--use-case", "copy", "--name", f"{advisor.NAME}_*", "--classification", "internal")
    ended = desk.run("adopt", "-e", "dev", *chosen, "--output", "json")
    assert ended.out, ended.said
    (found,) = ended.json()["useCases"]
    assert found["plans"]["dev"]["found"] == [], ended.said
    spec = yaml.safe_load((desk.repo.root / "manifests" / "copy" / "manifest.yaml").read_text())["spec"]
    text = json.dumps(spec)
    assert "${prompt/" in text and "${guardrail/" in text and "${knowledge-base/" in text, text


def forget(desk: Desk) -> None:
    """Takes our tags, the records, the runtime configuration and the manifest away."""
    bedrock, agent, ssm = (desk.client(s) for s in ("bedrock", "bedrock-agent", "ssm"))
    ours = ["releaser:address", "releaser:environment", "releaser:use-case"]
    rows = [g["arn"] for g in bedrock.list_guardrails()["guardrails"]]
    listed = bedrock.list_inference_profiles(typeEquals="APPLICATION")["inferenceProfileSummaries"]
    for arn in [*rows, *(p["inferenceProfileArn"] for p in listed)]:
        bedrock.untag_resource(resourceARN=arn, tagKeys=ours)
    arns = [p["arn"] for p in agent.list_prompts()["promptSummaries"]]
    for flow in agent.list_flows()["flowSummaries"]:
        arns += [flow["arn"]]
        arns += [a["arn"] for a in agent.list_flow_aliases(flowIdentifier=flow["id"])["flowAliasSummaries"]]
    for row in agent.list_knowledge_bases()["knowledgeBaseSummaries"]:
        found = agent.get_knowledge_base(knowledgeBaseId=row["knowledgeBaseId"])["knowledgeBase"]
        arns.append(found["knowledgeBaseArn"])
    for row in agent.list_agents()["agentSummaries"]:
        arns.append(agent.get_agent(agentId=row["agentId"])["agent"]["agentArn"])
        for alias in agent.list_agent_aliases(agentId=row["agentId"])["agentAliasSummaries"]:
            seen = agent.get_agent_alias(agentId=row["agentId"], agentAliasId=alias["agentAliasId"])["agentAlias"]
            arns += [seen["agentAliasArn"]] if alias["agentAliasId"] != "TSTALIASID" else []
    for arn in arns:
        agent.untag_resource(resourceArn=arn, tagKeys=ours)
    for row in ssm.describe_parameters()["Parameters"]:
        ssm.delete_parameter(Name=row["Name"])
    desk.repo.git("branch", "-D", "releases")
    for tag in desk.repo.tags():
        desk.repo.git("tag", "-d", tag)
    desk.repo.remove(advisor.NAME)
    desk.repo.commit("forgotten")
