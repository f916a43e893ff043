"""The pipeline's files: what GitLab's schema takes, inputs that are what they say, and commands that exist."""

from __future__ import annotations

import copy
import importlib.resources
import json
import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer.main
import yaml
from ci import component, expression, pipeline
from ci.component import InvalidPipeline

from releaser import __version__
from releaser.cli.app import app

ROOT = Path(__file__).resolve().parents[2]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
COMPONENT = component.read(ROOT / "templates/releaser.yml")
ROLE = "arn:aws:iam::$RELEASER_ACCOUNT:role/releaser"
OTHER: dict[str, Any] = {
    "environments": ["uat", "live"],
    "retries": 2,
    "aws_region": "us-gov-west-1",
    "timeout": "90m",
    **dict.fromkeys(("plan_role", "evaluate_role", "apply_role"), ROLE),
}
MERGE_REQUEST = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_DEFAULT_BRANCH": "main",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "bank/releases",
    "CI_MERGE_REQUEST_PROJECT_PATH": "bank/releases",
    "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "shorter",
}
PUSH = {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
NIGHT = PUSH | {"CI_PIPELINE_SOURCE": "schedule"}
SIDE = PUSH | {"CI_COMMIT_BRANCH": "shorter"}
FORK = MERGE_REQUEST | {"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "somebody/releases"}


@cache
def schema() -> Any:
    """GitLab's own, as check-jsonschema brings it."""
    place = importlib.resources.files("check_jsonschema") / "builtin_schemas/vendor/gitlab-ci.json"
    return jsonschema.Draft7Validator(json.loads(place.read_text(encoding="utf-8")))


def wrong(document: Any) -> list[str]:
    return [e.message for e in schema().iter_errors(document)]


def rendered(**inputs: Any) -> dict[str, Any]:
    return COMPONENT.rendered({"environments": ["dev", "prod"], "install": "pip install HERE", **inputs})


def made(**inputs: Any) -> dict[str, Any]:
    return pipeline.extended(rendered(**inputs))


def names(every: dict[str, Any], variables: dict[str, str]) -> set[str]:
    return {job.group for job in pipeline.jobs(every, variables)}


def test_gitlab_takes_the_files() -> None:
    texts = list(yaml.safe_load_all((ROOT / "templates/releaser.yml").read_text(encoding="utf-8")))
    assert wrong(yaml.safe_load((ROOT / ".gitlab-ci.yml").read_text(encoding="utf-8"))) == []
    assert wrong(texts[0]) == []
    assert wrong(rendered()) == []
    assert wrong(pipeline.merged(ROOT)) == []


@pytest.mark.parametrize(
    ("place", "value"), [("artifcats", {}), ("retry", 9), ("rules", [{"iff": "$A"}]), ("interruptible", "maybe")]
)
def test_the_schema_has_teeth(place: str, value: Any) -> None:
    broken = copy.deepcopy(rendered())
    broken["releaser:validate"][place] = value
    assert wrong(broken)


def test_inputs_are_told_and_used() -> None:
    assert COMPONENT.used() == set(COMPONENT.inputs)
    for name, spec in COMPONENT.inputs.items():
        assert spec["description"].endswith("."), name
        assert name in ("environments", "install") or "default" in spec, f"{name}: a project would have to say it"


@pytest.mark.parametrize("name", COMPONENT.inputs)
def test_an_input_reaches_the_jobs(name: str) -> None:
    spec = COMPONENT.inputs[name]
    kind = spec.get("type", "string")
    other: Any = OTHER[name] if name in OTHER else not spec["default"] if kind == "boolean" else "something-else"
    assert rendered(**{name: other}) != rendered()
    assert wrong(rendered(**{name: other})) == []


@pytest.mark.parametrize(
    "given",
    [
        {"environments": "dev"},
        {"evaluate": "yes"},
        {"aws_region": "Frankfurt"},
        {"plan_role": "AKIAIOSFODNN7EXAMPLE"},
        {"apply_role": "$RELEASER; rm"},
        {"timeout": "forever"},
        {"retries": 9},
        {"enviroments": ["dev"]},
    ],
)
def test_an_input_of_another_shape_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(InvalidPipeline):
        rendered(**given)


def test_environments_have_to_be_named() -> None:
    with pytest.raises(InvalidPipeline, match="required"):
        COMPONENT.rendered({})


def lines() -> list[str]:
    every = rendered(releaser="releaser", evaluate=True, site=True)
    return sorted({line for words in every.values() for line in words.get("script", ())})


@pytest.mark.parametrize("line", lines())
def test_a_job_is_one_command_that_exists(line: str) -> None:
    """The real command line parses what is in the file."""
    parse(line.replace("$RELEASER_ENVIRONMENT", "dev"))


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_is_a_command_that_exists(hook: dict[str, Any]) -> None:
    parse(hook["entry"])
    assert hook["description"].endswith(".") and not hook["pass_filenames"]


def parse(line: str) -> None:
    program, *words = shlex.split(line)
    assert program == "releaser" and not re.search(r"[$;&|<>`]", " ".join(words))
    context, command = None, typer.main.get_command(app)
    while True:
        context = command.make_context(program, list(words), parent=context)
        if not hasattr(command, "resolve_command"):
            return
        words = [*context._protected_args, *context.args]
        program, command, words = command.resolve_command(context, words)


def test_the_version_that_is_installed_is_this_one() -> None:
    assert "default" not in COMPONENT.inputs["install"], "on public indexes the name is somebody else's"
    page = (ROOT / "docs/gitlab.md").read_text(encoding="utf-8")
    assert f"platform/releaser.git@{__version__}\n" in page


def test_every_job_has_one_line_and_no_job_is_called_as_a_projects_own() -> None:
    """GitLab merges jobs of the same name without a word."""
    every = rendered()
    for name, words in every.items():
        if not name.startswith("."):
            assert len(words["script"]) == 1, name
            assert name.startswith("releaser:") or name == "pages"
        else:
            assert name.startswith(".releaser")
    assert not every.keys() & {"default", "workflow", "stages", "variables"}, "those are the project's"


def test_merge_requests_change_nothing_and_forks_get_no_role() -> None:
    every = made()
    asked = names(every, MERGE_REQUEST)
    assert asked == {f"releaser:{n}" for n in ("validate", "plan", "evaluate", "comment")}
    assert names(every, FORK) == {"releaser:validate"}
    assert names(made(evaluate=False), MERGE_REQUEST) == asked - {"releaser:evaluate"}
    for job in pipeline.jobs(pipeline.merged(ROOT), MERGE_REQUEST):
        assert "APPLY" not in job.words.get("variables", {}).get("AWS_ROLE_ARN", "")
        assert job.words["interruptible"]


def test_a_branch_with_a_merge_request_has_one_pipeline() -> None:
    every = pipeline.merged(ROOT)
    assert pipeline.jobs(every, SIDE) == [] and names(made(), SIDE) == set()
    assert {"check", "test", "releaser:plan"} <= names(every, MERGE_REQUEST)


def test_what_releases_runs_alone_and_is_not_cut_off() -> None:
    found = {j.name: j for j in pipeline.jobs(made(site=True), PUSH)}
    writing = [j for j in found.values() if "APPLY" in j.words.get("variables", {}).get("AWS_ROLE_ARN", "")]
    assert {j.group for j in writing} == {"releaser:reconcile", "releaser:reconcile:diverged"}
    for job in writing:
        assert job.words["interruptible"] is False
        assert (
            pipeline.expanded(job.words["resource_group"], job.cell) == f"releaser-{job.cell['RELEASER_ENVIRONMENT']}"
        )
        assert job.words["id_tokens"]["AWS_OIDC_TOKEN"]["aud"]
        assert job.words["variables"]["GIT_DEPTH"] == "0"
    assert found["releaser:reconcile:diverged: [prod]"].when == "manual"
    assert found["releaser:release"].needs is None, "it waits for every job of the stages before, also the project's"


def test_a_freeze_leaves_the_release_to_a_person() -> None:
    def reconcile(variables: dict[str, str]) -> list[str]:
        frozen = variables | {"CI_DEPLOY_FREEZE": "true"}
        return [j.when for j in pipeline.jobs(made(), frozen) if j.group == "releaser:reconcile"]

    assert reconcile(PUSH) == ["manual", "manual"]
    assert reconcile(NIGHT) == []


def test_a_schedule_looks_and_continues() -> None:
    night = names(made(site=True), NIGHT)
    assert {"releaser:drift", "releaser:audit", "releaser:reconcile", "pages"} <= night
    assert not night & {"releaser:plan", "releaser:comment", "releaser:reconcile:diverged"}
    assert names(made(site=True, nightly=False), NIGHT) == {"releaser:validate"}
    assert not names(made(site=True), PUSH) & {"releaser:drift", "releaser:audit"}


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("$A", True),
        ("$B", False),
        ('$A == "x"', True),
        ("$B == null", True),
        ('$A == "y" || $A == "x" && $B', False),
        ('($A == "y" || $A == "x") && $B == null', True),
        ("$A =~ /^X$/i", True),
        ("$A !~ /y/", True),
        ('"true" != "true"', False),
    ],
)
def test_conditions_are_gitlabs(text: str, holds: bool) -> None:
    assert expression.is_true(text, {"A": "x"}) is holds


@pytest.mark.parametrize("text", ["$A ==", "true == true", "($A", "$A $B", "$A && || $B"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(InvalidPipeline):
        expression.is_true(text, {"A": "x"})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"script": ["true"], "scripts": ["true"]}, "does not know"),
        ({"script": ["true"], "needs": ["nobody"]}, "needs 'nobody'"),
        ({"script": ["true"], "stage": "tset"}, "does not exist"),
        ({"stage": "test"}, "no script"),
        ({"script": ["true"], "extends": ".nobody"}, "extends .nobody"),
        ({"script": ["true"], "rules": [{"changes": ["a"]}]}, "rules"),
    ],
)
def test_what_gitlab_would_not_start_is_not_started(words: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidPipeline, match=said):
        pipeline.jobs(pipeline.extended({"job": words}), PUSH)
