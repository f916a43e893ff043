"""Ways by which a release could get past its evaluation: none of them leads to callers."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from test_evaluation_suites import aliases, asked, cases, evidence, lines, live, results, write
from world import advisor, estate, manifest
from world.desk import Desk
from world.process import until
from world.repository import LETTER

DeskMaker = Callable[..., Desk]
LENIENT: dict[str, Any] = {"metrics": {"refusalRate": {"floor": 0.5}}}


@pytest.fixture
def gated(new_desk: DeskMaker) -> Desk:
    return new_desk(gates={"required": ["quality"]})


def test_a_data_set_that_grew_does_not_take_the_baseline_away(gated: Desk) -> None:
    """Results cannot be asked anew of what is live: what its record has is what they are compared with."""
    suite = {
        "target": {"results": "said"},
        "dataset": "golden",
        "metrics": {"contains": {"floor": 0.3, "maxRegression": 0.05, "tier": "critical"}},
    }
    write(gated, {"quality": suite}, files={"golden": cases(120), "said": results(120)})
    gated.reconcile()
    before = live(gated)
    worse = results(60, "no") + results(121)[60:]
    write(gated, {"quality": suite}, "Be brief.", files={"golden": cases(121), "said": worse})
    ended = gated.reconcile(ok=3)
    assert "120 pairs" in ended.said
    assert live(gated) == before


def test_results_that_were_never_compared_say_so_where_nothing_can_be(gated: Desk) -> None:
    suite = {
        "target": {"results": "said"},
        "dataset": "golden",
        "metrics": {"contains": {"floor": 0.3, "maxRegression": 0.05}},
    }
    write(gated, {"quality": suite}, files={"golden": cases(120), "said": results(120)})
    gated.reconcile()
    before = live(gated)
    others = [{**case, "id": f"d{i}"} for i, case in enumerate(cases(120))]
    said = [{"id": f"d{i}", "output": "no" if i % 2 else "yes"} for i in range(120)]
    write(gated, {"quality": suite}, "Be brief.", files={"golden": others, "said": said})
    ended = gated.reconcile(ok=3)
    assert "not comparable" in ended.said
    assert live(gated) == before


def test_an_older_release_that_was_never_live_here_is_evaluated(new_desk: DeskMaker) -> None:
    """Going back is going to what was live: r1 was cut, never applied, and has a smaller number than what is."""
    stages = estate.create(new_desk)
    stages.dev.repo.environment("preprod", stages.desks["preprod"].account, track=None, gates={"required": ["quality"]})
    metrics = {"contains": {"floor": 0.9, "tier": "critical"}}
    suite = {"target": {"results": "said"}, "dataset": "golden", "metrics": metrics}
    for text, said in (("Be rude.", "no"), ("", "yes")):
        write(stages.dev, {"quality": suite}, text, files={"golden": cases(60), "said": results(60, said)})
        stages.dev.run("release", ok=0)
    stages.promote("preprod", "r2")
    stages.pin("preprod", "r1")
    stages.dev.repo.commit("preprod: r1")
    ended = stages.run("preprod", "reconcile", ok=3)
    assert "contains" in ended.said
    assert stages.live("preprod")["release"] == "r2"


def test_the_way_back_to_what_was_live_is_not_held_up(new_desk: DeskMaker) -> None:
    stages = estate.create(new_desk)
    stages.dev.repo.declare(manifest.use_case())
    stages.dev.repo.commit("first")
    stages.dev.run("release", ok=0)
    stages.promote("preprod", "r1")
    stages.dev.repo.environment("preprod", stages.desks["preprod"].account, track=None, gates={"required": ["quality"]})
    suite = {"target": {"prompt": "answer"}, "dataset": "golden", **LENIENT}
    write(stages.dev, {"quality": suite}, files={"golden": cases(40)})
    stages.dev.run("release", ok=0)
    stages.promote("preprod", "r2")
    past = stages.desks["preprod"].mark()
    stages.promote("preprod", "r1")
    assert stages.live("preprod")["release"] == "r1"
    assert asked(stages.desks["preprod"], past) == 0


def chat(desk: Desk, **model: Any) -> None:
    """A use case with a model that only applications call, and a suite that calls it too."""
    suite = {"target": {"model": "chat"}, "dataset": "golden", **LENIENT}
    models = {"answer": {"modelId": manifest.SONNET}, "chat": {"modelId": manifest.SONNET, **model}}
    write(desk, {"quality": suite}, files={"golden": cases(40)})
    found = json.loads((desk.repo.root / "manifests/mail/manifest.yaml").read_text())
    found["spec"]["models"] = models
    desk.repo.write("manifests/mail/manifest.yaml", manifest.text(found))
    desk.repo.commit()


@pytest.mark.parametrize("change", [{"modelId": manifest.HAIKU}, {"inference": {"temperature": 1.0}}])
def test_a_model_that_only_applications_call_is_evaluated_when_it_changes(gated: Desk, change: dict[str, Any]) -> None:
    chat(gated)
    gated.reconcile()
    first = evidence(gated, "quality")
    past = gated.mark()
    chat(gated, **change)
    gated.reconcile()
    assert asked(gated, past) == 40
    assert evidence(gated, "quality")["key"] != first["key"], "evidence of one setting proves nothing of another"


def test_a_broken_disk_is_the_error_of_one_use_case(gated: Desk) -> None:
    """What the code did not think of must not take other use cases along, and must not pass."""
    gated.repo.declare(manifest.use_case("note"), {"answer": LETTER})
    write(
        gated,
        {"quality": {"target": {"prompt": "answer"}, "dataset": "golden", **LENIENT}},
        files={"golden": cases(20)},
    )
    keys = gated.repo.root / ".git/releaser/responses/keys"
    keys.mkdir(parents=True)
    for i in range(256):
        (keys / f"{i:02x}").write_text("no folder")
    ended = gated.reconcile(ok=3)
    assert "could not be evaluated" in ended.said
    found = gated.client("ssm").get_parameters_by_path(Path="/", Recursive=True)["Parameters"]
    assert [p["Name"] for p in found] == ["/releaser/note/runtime"]


def test_what_a_staged_record_found_outlives_a_run_that_is_killed_after_it(gated: Desk) -> None:
    """Answers of an earlier run are in its record. A run that takes the record over and dies loses none of them."""
    suite = {"target": {"prompt": "answer"}, "dataset": "golden", "budget": {"cases": 25}, **LENIENT}
    write(gated, {"quality": suite}, files={"golden": cases(40)})
    gated.reconcile(ok=5)
    notes = gated.repo.root / ".git/releaser"
    shutil.rmtree(notes, ignore_errors=True)
    gated.admin.add_fault("hang-before", service="bedrock-runtime", operation="ConverseStream", account=gated.account)
    run = gated.start("reconcile", "-e", "dev")
    until(lambda: gated.admin.held() or run.is_over)
    assert run.kill().code == -9
    gated.admin.clear_faults()
    shutil.rmtree(notes, ignore_errors=True)
    gated.later += 7200
    past = gated.mark()
    gated.reconcile()
    assert asked(gated, past) == 15


FLOW = """  evaluation:
    suites:
      flow: {target: {flow: answer}, dataset: questions, metrics: {refusalRate: {ceiling: 0.9}}}
      agent: {target: {agent: advisor}, dataset: questions, metrics: {refusalRate: {ceiling: 0.9}}}
"""


@pytest.fixture
def flowing(new_desk: DeskMaker) -> Desk:
    """A flow is live; its next version waits for its evaluation."""
    desk = new_desk()
    advisor.settle_in(desk)
    place = desk.repo.root / "manifests" / advisor.NAME
    questions = lines({"id": f"q{i}", "input": f"What about {i} days?"} for i in range(30))
    (place / "data/questions.jsonl").write_text(questions)
    text = (place / "manifest.yaml").read_text()
    head, _, rest = text.partition("  evaluation:\n")
    after = "".join(f"\n  {part}" for part in rest.split("\n  ") if not part.startswith(" "))[1:] if rest else ""
    digest = hashlib.sha256(questions.encode()).hexdigest()
    declared = f"  datasets:\n    questions: {{path: data/questions.jsonl, sha256: {digest}}}\n"
    (place / "manifest.yaml").write_text(head.replace("  datasets:\n", declared) + FLOW + after)
    environment = (desk.repo.root / "environments/dev/environment.yaml").read_text()
    desk.repo.write("environments/dev/environment.yaml", environment + "  gates: {required: [flow, agent]}\n")
    desk.repo.commit("first")
    desk.reconcile()
    desk.settled()
    advisor.edit(desk, "prompts/answer.md", "at most five sentences", "at most three sentences")
    advisor.edit(desk, "manifest.yaml", "You tell members of staff", "You tell all members of staff")
    desk.repo.commit("shorter")
    return desk


def test_a_lost_reply_leaves_no_alias_behind(flowing: Desk) -> None:
    where = {"service": "bedrock-agent", "operation": "CreateFlowAlias", "account": flowing.account}
    flowing.admin.add_fault("reset-after", **where, times=None)
    past = flowing.mark()
    flowing.reconcile(ok=None)
    flowing.admin.clear_faults()
    assert flowing.effects(past).count("bedrock-agent.CreateFlowAlias") >= 1
    assert all("releaser-candidate" not in names for names in aliases(flowing).values())


def test_what_a_moved_alias_said_is_not_believed_by_the_next_run(flowing: Desk) -> None:
    """Whoever leads the candidate's alias to a better version meanwhile gains nothing by it."""
    where = {"service": "bedrock-agent-runtime", "operation": "InvokeAgent", "account": flowing.account}
    flowing.admin.add_fault("hang-before", **where, skip=25, times=1)
    run = flowing.start("reconcile", "-e", "dev")
    until(lambda: flowing.admin.held() or run.is_over)
    agents = flowing.client("bedrock-agent")
    (agent,) = [a["agentId"] for a in agents.list_agents()["agentSummaries"]]
    rows = agents.list_agent_aliases(agentId=agent)["agentAliasSummaries"]
    versions = {a["routingConfiguration"][0]["agentVersion"] for a in rows} - {"DRAFT"}
    newest = max(versions, key=int)
    (own,) = [a for a in rows if a["routingConfiguration"] == [{"agentVersion": newest}]]
    which = {"agentId": agent, "agentAliasId": own["agentAliasId"], "agentAliasName": own["agentAliasName"]}
    assert newest == "2"
    agents.update_agent_alias(**which, routingConfiguration=[{"agentVersion": "1"}])
    flowing.admin.clear_faults()
    ended = run.wait()
    assert "was moved while" in ended.said, ended.said
    past = flowing.mark()
    flowing.reconcile(ok=None)
    assert sum(r["operation"].endswith("InvokeAgent") for r in flowing.since(past)) >= 30


def test_a_suite_that_the_manifest_lacks_is_no_green_merge_request(new_desk: DeskMaker) -> None:
    """Before the merge it is said with the same verdict as after it."""
    desk = new_desk(gates={"required": ["quality", "safety"]})
    desk.repo.write("README.md", "A repository.\n")
    desk.repo.commit("before")
    base = desk.repo.git("rev-parse", "HEAD")
    write(
        desk, {"quality": {"target": {"prompt": "answer"}, "dataset": "golden", **LENIENT}}, files={"golden": cases(40)}
    )
    ended = desk.run("evaluate", "--affected", "-e", "dev", "--base", base, "--reports", "reports", ok=3)
    assert "asks for the suite safety" in ended.said
    told = (desk.repo.root / "reports").rglob("*")
    assert any("asks for the suite safety" in p.read_text() for p in told if p.is_file())


def test_a_case_that_speaks_to_terminals_is_shown_as_text(gated: Desk) -> None:
    """Data sets come from anywhere; what names a case in a verdict does not move the cursor of who reads it."""
    named = [{**case, "id": f"{case['id']}\x1b]0;gone\x07\u202e\r\nPASS"} for case in cases(40)]
    metrics = {"contains": {"floor": 0.9, "tier": "critical"}}
    suite = {"target": {"results": "said"}, "dataset": "golden", "metrics": metrics}
    answers = [{"id": case["id"], "output": "no\x1b[2J"} for case in named[:30]]
    write(gated, {"quality": suite}, files={"golden": named, "said": answers})
    for command in (("reconcile",), ("evaluate", "mail"), ("evaluate", "mail", "--output", "markdown")):
        ended = gated.run(*command, "-e", "dev", ok=3)
        shown = ended.said + ended.out
        assert "c03" in shown
        assert not {"\x1b", "\x07", "\u202e", "\r"} & set(shown), command
        assert not any(line.startswith("PASS") for line in shown.splitlines()), command
