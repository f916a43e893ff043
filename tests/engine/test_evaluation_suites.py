"""What a suite may ask for, from manifest to record: judges, people, samples, budgets, applications, aliases."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from world import advisor, manifest, model
from world.desk import Desk

from releaser import sandbox

DeskMaker = Callable[..., Desk]
Rows = list[dict[str, Any]]


def lines(rows: Iterable[Any]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def write(
    desk: Desk, suites: dict[str, Any], text: str = "", files: dict[str, Rows] | None = None, **more: Any
) -> None:
    """A use case with suites; ``files``: data set -> its rows."""
    contents = {name: lines(rows) for name, rows in (files or {}).items()}
    datasets = {
        name: {"path": f"data/{name}.jsonl", "sha256": hashlib.sha256(content.encode()).hexdigest()}
        for name, content in contents.items()
    }
    found = more.pop("model", manifest.SONNET)
    document = manifest.use_case(datasets=datasets, evaluation={"suites": suites, **more}, model=found)
    document["spec"]["governance"]["riskTier"] = "limited"
    desk.repo.write("manifests/mail/manifest.yaml", manifest.text(document))
    desk.repo.write("manifests/mail/prompts/answer.md", f"Answer the letter. {text}\n\n{{{{letter}}}}\n")
    for name, content in contents.items():
        desk.repo.write(f"manifests/mail/data/{name}.jsonl", content)
    desk.repo.commit()


def cases(n: int, **more: Any) -> Rows:
    return [{"id": f"c{i:03}", "input": {"letter": f"letter {i}"}, "mustContain": ["yes"], **more} for i in range(n)]


def results(n: int, said: str = "yes") -> Rows:
    return [{"id": f"c{i:03}", "output": said} for i in range(n)]


def live(desk: Desk) -> str:
    """What callers get."""
    found = desk.client("ssm").get_parameters_by_path(Path="/", Recursive=True)["Parameters"]
    return str(found[0]["Value"]) if found else ""


def evidence(desk: Desk, suite: str) -> dict[str, Any]:
    """The newest evidence of a suite in the records: a record also keeps what it was compared with."""
    files = desk.repo.records()
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(p for p in files if p.endswith("closed.json") or "/staged" in p):
        for name, ref in json.loads(files[path]).get("evidence", {}).items():
            if name.startswith(f"evaluation-{suite}-") and not name.endswith("-before.json"):
                found.setdefault(name, {}).update(json.loads(files[ref["uri"]]))
    assert found, f"no evidence of {suite}"
    return list(found.values())[-1]


def asked(desk: Desk, since: str) -> int:
    """Calls to models since a mark."""
    return sum(r["operation"].endswith("ConverseStream") for r in desk.since(since))


@pytest.fixture
def gated(new_desk: DeskMaker) -> Desk:
    return new_desk(gates={"required": ["quality"]})


PEOPLE: dict[str, Any] = {"metrics": {"usable": {"human": "desk", "floor": 0.6}}}
REVIEWS = {"humanReviews": {"desk": {"path": "reviews/desk.jsonl"}}}


def test_people_are_waited_for_and_their_reviews_release_it(gated: Desk) -> None:
    suite = {"target": {"prompt": "answer"}, "dataset": "golden", **PEOPLE}
    write(gated, {"quality": suite}, files={"golden": cases(40)}, **REVIEWS)
    past = gated.mark()
    waiting = gated.reconcile(ok=5)
    assert "0 of 40" in waiting.said
    assert (live(gated), asked(gated, past)) == ("", 40)
    answered = {o["case"]: o["response"] for o in evidence(gated, "quality")["observations"]}
    reviews = [{"case": c, "by": "desk", "score": 1, "response": r} for c, r in sorted(answered.items())]
    gated.repo.write("manifests/mail/reviews/desk.jsonl", lines(reviews))
    gated.repo.commit("reviewed")
    # Another machine: nothing but git and the account is left.
    shutil.rmtree(gated.repo.root / ".git/releaser", ignore_errors=True)
    past = gated.mark()
    gated.reconcile()
    assert live(gated) != ""
    assert asked(gated, past) == 0, "what people reviewed is not asked again"
    gated.run("audit", "verify", ok=0)


def test_a_smoke_suite_that_does_not_pass_saves_the_others(new_desk: DeskMaker) -> None:
    desk = new_desk(gates={"required": ["quality", "smoke"]})
    metrics = {"contains": {"floor": 0.9, "tier": "critical"}}
    smoke = {"target": {"results": "said"}, "dataset": "golden", "smoke": True, "metrics": metrics}
    quality = {"target": {"prompt": "answer"}, "dataset": "golden", "metrics": metrics}
    write(desk, {"quality": quality, "smoke": smoke}, files={"golden": cases(60), "said": results(60, "no")})
    past = desk.mark()
    ended = desk.reconcile(ok=3)
    assert "not asked" in ended.said
    assert (asked(desk, past), live(desk)) == (0, "")


def test_a_budget_is_kept_and_the_next_run_goes_on_on_any_machine(gated: Desk) -> None:
    metrics = {"refusalRate": {"floor": 0.5}}
    suite = {"target": {"prompt": "answer"}, "dataset": "golden", "budget": {"cases": 25}, "metrics": metrics}
    write(gated, {"quality": suite}, files={"golden": cases(60)})
    calls = []
    for code in (5, 5, 0):
        past = gated.mark()
        gated.reconcile(ok=code)
        calls.append(asked(gated, past))
        shutil.rmtree(gated.repo.root / ".git/releaser", ignore_errors=True)
    assert calls == [25, 25, 10]
    assert live(gated) != ""
    assert len(evidence(gated, "quality")["observations"]) == 60
    gated.run("audit", "verify", ok=0)


def test_a_sample_is_the_one_of_its_seed_and_the_evidence_says_so(gated: Desk) -> None:
    metrics = {"refusalRate": {"floor": 0.5}}
    suite = {"target": {"prompt": "answer"}, "dataset": "golden", "sample": {"size": 30, "seed": 7}, "metrics": metrics}
    write(gated, {"quality": suite}, files={"golden": cases(60)})
    gated.reconcile()
    found = evidence(gated, "quality")
    assert (found["subject"]["sample"], found["seed"], len(found["cases"])) == ("30 of seed 7", 7, 30)
    assert found["lifecycle"] and found["prices"] and found["run"]["currency"] == "USD" and found["run"]["cost"] > 0


def test_a_budget_in_money_ends_a_run_before_it_is_overspent(new_desk: DeskMaker) -> None:
    desk = new_desk(gates={"required": ["quality"], "budget": 0.00001})
    metrics = {"refusalRate": {"floor": 0.5}}
    write(
        desk,
        {"quality": {"target": {"prompt": "answer"}, "dataset": "golden", "metrics": metrics}},
        files={"golden": cases(60)},
    )
    past = desk.mark()
    ended = desk.reconcile(ok=5)
    assert "budget" in ended.said
    assert asked(desk, past) <= 1


def test_another_model_is_compared_with_the_one_that_is_live(gated: Desk) -> None:
    metrics = {"refusalRate": {"floor": 0.5}, "tokenF1": {"floor": 0.0, "maxRegression": 0.3}}
    suite = {"target": {"prompt": "answer"}, "dataset": "golden", "metrics": metrics}
    write(gated, {"quality": suite}, files={"golden": cases(140, expected="letter")})
    gated.reconcile()
    before = json.loads(live(gated))
    write(gated, {"quality": suite}, files={"golden": cases(150, expected="letter")}, model=manifest.HAIKU)
    ended = gated.reconcile()
    assert "what is live (r1) is asked the same" in ended.said
    assert json.loads(live(gated)) != before
    models = {e["subject"]["models"]["answer"] for e in records_evidence(gated)}
    assert models == {manifest.SONNET, manifest.HAIKU}


def records_evidence(desk: Desk) -> list[dict[str, Any]]:
    """All evaluation evidence in the records."""
    return [json.loads(raw) for p, raw in desk.repo.records().items() if "evaluation-" in p]


@pytest.fixture
def judged(new_desk: DeskMaker, gated: Desk) -> Iterator[Desk]:
    """A desk whose account has a model that answers, and judges: ``good`` answers well, ``lenient`` judges badly."""

    def says(system: str, text: str) -> str:
        if "You judge one answer" not in system:
            return "bad" if "Be rude" in text else "good"
        answer = text.rpartition("answer]\n")[2]
        score = 1 if answer.startswith("good") or "Anything goes" in system else 0
        return json.dumps({"score": score, "reason": "as it is"})

    with model.speaking(says) as url, sandbox.running(time_scale=0, llm_url=url) as box:
        yield Desk(gated.zygote, box, gated.repo, gated.account)


def judged_suite(rubric: str, labels: Callable[[int], int]) -> dict[str, Any]:
    """A suite with a judge that is calibrated on 60 labelled answers."""
    anchors = {"0": "it is bad", "1": "it is good"}
    labelled = [
        {"id": f"l{i:02}", "input": "x", "answer": "good" if i % 2 else "bad", "human": {"tone": labels(i)}}
        for i in range(60)
    ]
    return {
        "suites": {
            "quality": {
                "target": {"prompt": "answer"},
                "dataset": "golden",
                "metrics": {"tone": {"judge": "plain", "floor": 0.8, "tier": "critical", "maxRegression": 0.2}},
            }
        },
        "rubrics": {"tone": {"text": rubric, "anchors": anchors, "calibration": {"dataset": "labelled", "floor": 0.6}}},
        "files": {"golden": cases(60), "labelled": labelled},
    }


def test_a_calibrated_judge_decides(judged: Desk) -> None:
    write(judged, **judged_suite("Is it good?", lambda i: i % 2))
    judged.reconcile()
    found = evidence(judged, "quality")
    assert len(found["calibrations"]["tone"]) == 60
    assert found["subject"]["judges"]["tone"]["calibration"]
    before = live(judged)
    write(judged, text="Be rude.", **judged_suite("Is it good?", lambda i: i % 2))
    ended = judged.reconcile(ok=3)
    assert "tone" in ended.said
    assert live(judged) == before


def test_a_judge_that_people_do_not_agree_with_passes_nothing(judged: Desk) -> None:
    write(judged, **judged_suite("Anything goes", lambda i: i % 2))
    ended = judged.reconcile(ok=3)
    assert "calibration" in ended.said
    assert live(judged) == ""


def test_an_application_is_asked_over_http_and_compared_with_its_last_release(gated: Desk) -> None:
    metrics = {"contains": {"floor": 0.1, "maxRegression": 0.05, "tier": "critical"}}
    suite = {"target": {"application": "front"}, "dataset": "golden", "metrics": metrics}
    said = ["yes"]
    with model.answering(lambda _: {"output": said[0]}) as url:
        settings: dict[str, Any] = {"files": {"golden": cases(120)}, "applications": {"front": {"url": url}}}
        write(gated, {"quality": suite}, **settings)
        gated.reconcile()
        found = evidence(gated, "quality")
        assert found["subject"]["via"] == "application"
        assert found["subject"]["behaviour"] == {"application/front": "r1"}
        before, said[0] = live(gated), "no"
        write(gated, {"quality": suite}, text="Be brief.", **settings)
        ended = gated.reconcile(ok=3)
    assert "r1" in ended.said
    assert live(gated) == before


ADVISED = """  evaluation:
    suites:
      flow: {target: {flow: answer}, dataset: questions, metrics: {refusalRate: {ceiling: 0.9}}}
      agent: {target: {agent: advisor}, dataset: questions, metrics: {refusalRate: {ceiling: 0.9}}}
      passages: {target: {knowledge-base: policies}, dataset: questions, metrics: {recallAtK: {floor: 0.0, minN: 20}}}
      answers:
        target: {knowledge-base: policies, model: answer, guardrail: main}
        dataset: questions
        metrics: {refusalRate: {ceiling: 0.9}}
"""


def aliases(desk: Desk) -> dict[str, list[str]]:
    """The names of the aliases of every flow."""
    agents = desk.client("bedrock-agent")
    flows = [f["id"] for f in agents.list_flows()["flowSummaries"]]
    return {
        f: sorted(a["name"] for a in agents.list_flow_aliases(flowIdentifier=f)["flowAliasSummaries"]) for f in flows
    }


def test_flow_agent_and_knowledge_base_are_called_as_candidates(new_desk: DeskMaker) -> None:
    desk = new_desk()
    advisor.settle_in(desk)
    place = desk.repo.root / "manifests" / advisor.NAME
    questions = lines({"id": f"q{i}", "input": f"What about {i} days?", "relevant": ["x"]} for i in range(30))
    (place / "data/questions.jsonl").write_text(questions)
    text = (place / "manifest.yaml").read_text()
    head, _, rest = text.partition("  evaluation:\n")
    after = "".join(f"\n  {part}" for part in rest.split("\n  ") if not part.startswith(" "))[1:] if rest else ""
    digest = hashlib.sha256(questions.encode()).hexdigest()
    declared = f"  datasets:\n    questions: {{path: data/questions.jsonl, sha256: {digest}}}\n"
    (place / "manifest.yaml").write_text(head.replace("  datasets:\n", declared) + ADVISED + after)
    environment = (desk.repo.root / "environments/dev/environment.yaml").read_text()
    gates = "  gates: {required: [flow, agent, passages, answers]}\n"
    desk.repo.write("environments/dev/environment.yaml", environment + gates)
    desk.repo.commit("first")
    desk.reconcile()
    desk.settled()
    first = evidence(desk, "flow")
    advisor.edit(desk, "prompts/answer.md", "at most five sentences", "at most three sentences")
    desk.repo.commit("shorter")
    past = desk.mark()
    desk.reconcile()
    assert evidence(desk, "flow")["key"] != first["key"]
    called = [r["operation"].rpartition(".")[2] for r in desk.since(past)]
    moved, invoked = called.index("UpdateFlowAlias"), called.index("InvokeFlow")
    assert invoked < moved, "the candidate was called before its callers got it"
    assert called.count("CreateFlowAlias") == called.count("DeleteFlowAlias") == 1
    assert all("releaser-candidate" not in names for names in aliases(desk).values())
    desk.settled()


def test_a_raw_model_that_changes_is_compared_with_the_one_before(gated: Desk) -> None:
    metrics = {"refusalRate": {"floor": 0.1, "maxRegression": 0.5}}
    suite = {"target": {"model": "answer", "guardrail": "main"}, "dataset": "golden", "metrics": metrics}
    write(gated, {"quality": suite}, files={"golden": cases(60)})
    gated.reconcile()
    write(gated, {"quality": suite}, files={"golden": cases(60)}, model=manifest.HAIKU)
    ended = gated.reconcile()
    models = {e["subject"]["models"]["answer"] for e in records_evidence(gated)}
    assert models == {manifest.SONNET, manifest.HAIKU}, ended.said
