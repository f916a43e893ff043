"""Names that the manifest gives, renamed entries, what other teams own: nothing is made anew or taken from them."""

from __future__ import annotations

from typing import Any

from world.desk import Desk
from world.manifest import HAIKU, guardrail, use_case
from world.repository import LETTER


def names(desk: Desk, service: str, operation: str, root: str, member: str = "name") -> list[str]:
    return sorted(row[member] for row in getattr(desk.client(service), operation)()[root])


def declared(**more: Any) -> dict[str, Any]:
    return use_case(guardrails={"main": guardrail()}, **more)


def release(desk: Desk, document: dict[str, Any], texts: dict[str, str] | None = None) -> list[str]:
    """Commits and applies; the writes that AWS accepted."""
    desk.repo.declare(document, texts)
    desk.repo.commit()
    past = desk.mark()
    desk.reconcile()
    desk.settled()
    return desk.effects(past)


def test_a_name_may_be_given_and_changed(desk: Desk) -> None:
    document = declared()
    document["spec"]["guardrails"]["main"]["name"] = "letters-guardrail"
    document["spec"]["prompts"]["answer"]["name"] = "letters-${env.stage}"
    desk.repo.environment("dev", desk.account, bindings={"stage": "dev"})
    release(desk, document)
    assert names(desk, "bedrock", "list_guardrails", "guardrails") == ["letters-guardrail"]
    assert names(desk, "bedrock-agent", "list_prompts", "promptSummaries") == ["letters-dev"]
    document["spec"]["guardrails"]["main"]["name"] = "letters-gr"
    done = release(desk, document)
    assert "bedrock.UpdateGuardrail" in done
    assert not [o for o in done if "Create" in o or "Delete" in o], done
    assert names(desk, "bedrock", "list_guardrails", "guardrails") == ["letters-gr"]


def test_a_given_name_is_no_part_of_the_content(desk: Desk) -> None:
    document = declared()
    release(desk, document)
    document["spec"]["prompts"]["answer"]["name"] = "other"
    done = release(desk, document)
    assert "bedrock-agent.CreatePromptVersion" not in done, done


def test_a_profile_keeps_its_given_name_until_its_content_changes(desk: Desk) -> None:
    bedrock = desk.client("bedrock")

    def profiles() -> list[str]:
        listed = bedrock.list_inference_profiles(typeEquals="APPLICATION")["inferenceProfileSummaries"]
        return sorted(p["inferenceProfileName"] for p in listed)

    document = declared()
    document["spec"]["models"]["answer"]["name"] = "letters"
    release(desk, document)
    (first,) = profiles()
    assert first.startswith("letters_"), "a name that stands for content has the content's stamp"
    document["spec"]["models"]["answer"]["modelId"] = HAIKU
    release(desk, document)
    assert len(profiles()) == 2


def test_a_moved_entry_keeps_its_resource_and_versions(desk: Desk) -> None:
    document = declared()
    release(desk, document)
    before = desk.content()
    spec = document["spec"]
    spec["guardrails"] = {"shield": spec["guardrails"]["main"]}
    spec["prompts"] = {"reply": spec["prompts"]["answer"]}
    spec["models"]["writer"] = spec["models"].pop("answer")
    spec["prompts"]["reply"]["model"] = "writer"
    spec["moved"] = [
        {"from": "guardrails.main", "to": "guardrails.shield"},
        {"from": "prompts.answer", "to": "prompts.reply"},
        {"from": "models.answer", "to": "models.writer"},
    ]
    spec["prompts"]["reply"]["file"] = "prompts/reply.md"
    done = release(desk, document)
    assert not [o for o in done if "Create" in o or "Delete" in o], done
    after = desk.content()
    assert set(after) >= {"guardrail mail_shield", "prompt mail_reply"}
    assert after["guardrail mail_shield"]["tags"]["releaser:address"] == "mail/guardrail/shield"
    assert list(after["prompt mail_reply"]["versions"]) == list(before["prompt mail_answer"]["versions"]) == ["1"]
    (profile,) = (d for name, d in after.items() if name.startswith("profile "))
    assert profile["tags"]["releaser:address"] == "mail/inference-profile/writer"
    assert "releaser:retired" not in str(after)
    assert release(desk, {**document, "spec": {**spec, "moved": []}})[-1:] == ["ssm.PutParameter"], "took effect"


def test_a_move_survives_the_loss_of_records(desk: Desk) -> None:
    document = declared()
    release(desk, document)
    desk.repo.git("branch", "-D", "releases")
    spec = document["spec"]
    spec["guardrails"] = {"shield": spec["guardrails"]["main"]}
    spec["moved"] = [{"from": "guardrails.main", "to": "guardrails.shield"}]
    done = release(desk, document)
    assert "bedrock.CreateGuardrail" not in done, done
    assert names(desk, "bedrock", "list_guardrails", "guardrails") == ["mail_shield"]


def theirs(desk: Desk, strength: str = "HIGH") -> str:
    """A guardrail of another team with one version; its id."""
    bedrock = desk.client("bedrock")
    made = bedrock.create_guardrail(name="platform-pii", **guardrail(strength))["guardrailId"]
    bedrock.create_guardrail_version(guardrailIdentifier=made)
    return str(made)


def pinned(desk: Desk, id_: str) -> dict[str, Any]:
    import yaml

    found: dict[str, Any] = yaml.safe_load(desk.run("pin", "-e", "dev", "guardrail", id_, ok=0).out)
    return found


def test_what_another_team_owns_is_told_and_never_written(desk: Desk) -> None:
    id_ = theirs(desk)
    document = use_case(guardrails={"main": pinned(desk, id_)})
    assert document["spec"]["guardrails"]["main"]["version"] == "1"
    before = desk.content()["guardrail platform-pii"]
    release(desk, document)
    content = desk.content()
    assert content["guardrail platform-pii"] == before
    told = content["parameter /releaser/mail/runtime"]["draft"]["Value"]["guardrails"]
    assert told == {"main": {"id": "<guardrail platform-pii>", "version": "1"}}
    release(desk, use_case(guardrails={}))
    assert desk.content()["guardrail platform-pii"] == before, "neither retired nor deleted"


def test_other_content_than_was_pinned_blocks_with_both_digests(desk: Desk) -> None:
    id_ = theirs(desk)
    pin = pinned(desk, id_)
    wrong = {**pin, "sha256": "0" * 64}
    desk.repo.declare(use_case(guardrails={"main": wrong}))
    desk.repo.commit()
    said = desk.run("plan", "-e", "dev", ok=1).said
    assert "P187" in said and "0" * 64 in said and pin["sha256"] in said and "releaser pin" in said
    past = desk.mark()
    desk.reconcile(ok=1)
    assert desk.effects(past) == []


def test_what_is_gone_blocks_plan_and_drift(desk: Desk) -> None:
    id_ = theirs(desk)
    document = use_case(guardrails={"main": pinned(desk, id_)})
    release(desk, document)
    desk.client("bedrock").delete_guardrail(guardrailIdentifier=id_)
    for command in ("plan", "drift"):
        assert "which another team owns, is not there" in desk.run(command, "-e", "dev", ok=1).said
    document["spec"]["guardrails"]["main"]["version"] = "DRAFT"
    desk.repo.declare(document)
    assert "E320" in desk.run("validate", ok=1).said


def test_observe_mode_plans_and_never_writes(desk: Desk) -> None:
    document = use_case(guardrails={"main": {**guardrail("HIGH"), "name": "by-hand"}}, prompts=(), profile=False)
    bedrock = desk.client("bedrock")
    id_ = bedrock.create_guardrail(name="by-hand", **guardrail("HIGH"))["guardrailId"]
    bedrock.create_guardrail_version(guardrailIdentifier=id_)
    desk.repo.declare({**document, "spec": {**document["spec"], "mode": "observe"}})
    desk.repo.commit()
    plan = desk.plan()
    assert [s["verb"] for s in plan["steps"] if "guardrail" in s["address"]] == ["adopt"]
    past = desk.mark()
    assert "mode: observe" in desk.reconcile().said
    assert "mode: observe" in desk.run("apply", "-e", "dev", ok=0).said
    assert desk.writes(past) == []
    bedrock.update_guardrail(guardrailIdentifier=id_, name="by-hand", **guardrail("LOW"))
    assert desk.run("drift", "-e", "dev", "--detailed-exitcode").code == 2
    desk.repo.declare(document)
    desk.repo.commit()
    assert "P101" in desk.reconcile(ok=1).said, "without a mark it is nobody's"


def test_moves_that_lead_nowhere_are_errors(desk: Desk) -> None:
    document = declared()
    document["spec"]["moved"] = [
        {"from": "guardrails.main", "to": "guardrails.main"},
        {"from": "guardrails.old", "to": "guardrails.gone"},
        {"from": "guardrails.a", "to": "guardrails.b"},
        {"from": "guardrails.b", "to": "guardrails.main"},
        {"from": "prompts.a", "to": "guardrails.main"},
    ]
    desk.repo.declare(document, {"answer": LETTER})
    said = desk.run("validate", ok=1).said
    assert said.count("E322") >= 5, said
