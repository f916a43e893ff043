"""The commands validate, render, explain and schema, as a person or a pipeline runs them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from mutations.bodies import mutants as bodies
from mutations.estate import CLAIMS, REPOSITORY, files, text
from mutations.operators import mutants

from releaser.cli.app import run
from releaser.store import yaml
from releaser.store.reader import DiskReader
from releaser.store.validation import validate

DOCUMENTS = sum(path.endswith(".yaml") for path in files())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The examples, with one manifest wrong in three places: one of them a terminal's escape sequence."""
    for path, content in files().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    broken = text(CLAIMS).replace("riskTier: high", 'riskTier: "\\e[2Jhihg"').replace("threshold: 0.75", "threshold: 1")
    (tmp_path / CLAIMS).write_text(broken.replace("owner: claims", "ownr: claims"))
    return tmp_path


def output(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    code = run([str(a) for a in arguments])
    return code, capsys.readouterr().out


def test_our_own_examples_are_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "validate", "--root", REPOSITORY) == (0, f"{DOCUMENTS} files: no problem found\n")


def test_text(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = output(capsys, "validate", "--root", repository)
    assert code == 1
    assert "\x1b" not in shown
    block = shown[shown.index("error[E502]") :].split("\n\n")[0].split("\n")
    assert block[1] == f"  --> {CLAIMS}:82:42"
    assert block[3] == "82 |           - {type: GROUNDING, threshold: 1}"
    assert block[4] == "   |" + " " * 42 + "^"
    assert block[5].startswith("   = ")
    assert f"4 errors, 0 warnings in {DOCUMENTS} files" in shown
    assert "did you mean owner?" in shown


def test_json(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = output(capsys, "validate", "--root", repository, "--format", "json")
    report = json.loads(shown)
    assert code == 1 and report["format"] == "releaser.validate/v1"
    assert {d["code"] for d in report["diagnostics"]} == {"E201", "E202", "E204", "E502"}
    for found in report["diagnostics"]:
        assert {"code", "severity", "path", "line", "column", "message", "hint"} <= found.keys()
    assert report["summary"]["errors"] == 4


def test_gitlab(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, shown = output(capsys, "validate", "--root", repository, "--format", "gitlab")
    report = json.loads(shown)
    assert len({item["fingerprint"] for item in report}) == len(report) == 4
    for item in report:
        assert item["description"] and item["check_name"] and item["severity"] in ("minor", "major")
        assert item["location"]["path"] == CLAIMS and item["location"]["lines"]["begin"] > 0
    (repository / CLAIMS).write_text("# moved down\n\n" + (repository / CLAIMS).read_text())
    _, moved = output(capsys, "validate", "--root", repository, "--format", "gitlab")
    assert [i["fingerprint"] for i in json.loads(moved)] == [i["fingerprint"] for i in report]


def test_sarif(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, shown = output(capsys, "validate", "--root", repository, "--format", "sarif")
    log = json.loads(shown)
    assert log["version"] == "2.1.0"
    (only,) = log["runs"]
    rules = only["tool"]["driver"]["rules"]
    for result in only["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        region = result["locations"][0]["physicalLocation"]["region"]
        assert region["startLine"] >= 1 and region["startColumn"] >= 1
        assert result["level"] in ("error", "warning") and result["message"]["text"]
        assert set(result["partialFingerprints"]) == {"releaser/v1"}


def test_junit_goes_to_a_file_and_text_to_the_reader(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = repository / "report.xml"
    code, shown = output(capsys, "validate", "--root", repository, "--format", "junit", "--out", out)
    assert code == 1 and "error[E502]" in shown
    suite = ElementTree.fromstring(out.read_text()).find("testsuite")
    assert suite is not None and suite.get("tests") == str(DOCUMENTS) and suite.get("failures") == "1"


def test_paths_choose_what_is_checked(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fine = repository / "manifests" / "policy-summary"
    assert output(capsys, "validate", "--root", repository, fine) == (0, "1 file: no problem found\n")
    prompt = repository / "manifests" / "claims-assistant" / "prompts" / "answer.md"
    assert output(capsys, "validate", "--root", repository, prompt)[0] == 1
    assert output(capsys, "validate", "--root", repository, repository / "environments")[0] == 0
    assert output(capsys, "validate", "--root", repository, repository / "nothing")[0] == 64
    assert output(capsys, "validate", "--root", repository, "/")[0] == 64
    assert run(["validate", "--root", str(repository), "--format", "html"]) == 64


def test_a_secret_is_not_shown(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = "glpat-" + "abcdefghij0123456789"
    (repository / CLAIMS).write_text(text(CLAIMS).replace("domain: insurance", f"domain: {secret}"))
    for form in ("text", "json", "gitlab", "sarif", "junit"):
        code, shown = output(capsys, "validate", "--root", repository, "--format", form)
        assert code == 1 and "E601" in shown and secret not in shown


def test_render(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = output(capsys, "render", "claims-assistant", "-e", "prod", "--root", REPOSITORY)
    assert code == 0
    loaded = yaml.load(shown, "shown.yaml")
    key = "arn:aws:kms:eu-central-1:333333333333:key/c4d81f93-77b0-4e2a-8e54-9a6b3c0d1e33"
    assert loaded.data["spec"]["guardrails"]["main"]["kmsKeyId"] == key  # type: ignore[union-attr]
    assert "# ${env.kmsKeyArn} from environments/prod/environment.yaml:23" in shown
    _, explained = output(capsys, "render", "claims-assistant", "-e", "prod", "--explain", "--root", REPOSITORY)
    assert f"riskTier: high  # {CLAIMS}:11" in explained


def test_render_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    _, shown = output(capsys, "render", "complaint-triage", "-e", "dev", "--output", "json", "--root", REPOSITORY)
    found = json.loads(shown)
    assert found["format"] == "releaser.render/v1"
    addresses = [resource["address"] for resource in found["resources"]]
    assert "complaint-triage/prompt/classify" in addresses
    origins = {origin["path"]: origin for origin in found["origins"]}
    assert origins["spec.guardrails.desk.kmsKeyId"]["file"] == "environments/dev/environment.yaml"


def test_render_refuses(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["render", "nothing", "-e", "dev", "--root", str(repository)]) != 0
    assert run(["render", "policy-summary", "-e", "nowhere", "--root", str(repository)]) == 64
    (repository / CLAIMS).write_text(text(CLAIMS).replace("${env.kmsKeyArn}", "${env.key}"))
    capsys.readouterr()
    assert run(["render", "claims-assistant", "-e", "dev", "--root", str(repository)]) == 1
    assert "E301" in capsys.readouterr().err


def test_explain(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = output(capsys, "explain", "e501")
    assert code == 0 and shown.startswith("E501: PROMPT_ATTACK") and "waive" in shown
    code, shown = output(capsys, "explain")
    assert code == 0 and "E102" in shown and "E710" in shown
    assert run(["explain", "E999"]) == 64


def test_schemas_are_what_is_generated(capsys: pytest.CaptureFixture[str]) -> None:
    code, shown = output(capsys, "schema", "--check", "--root", REPOSITORY)
    assert (code, shown) == (0, "")


def test_schema_writes_and_notices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "manifests").mkdir()
    assert output(capsys, "schema", "--check", "--root", tmp_path)[0] == 1
    assert "wrote schemas/use-case.v1.json" in output(capsys, "schema", "--root", tmp_path)[1]
    assert output(capsys, "schema", "--check", "--root", tmp_path)[0] == 0
    (tmp_path / "schemas" / "use-case.v1.json").write_text("{}")
    assert output(capsys, "schema", "--check", "--root", tmp_path) == (1, "stale: schemas/use-case.v1.json\n")


def _schema(name: str) -> object:
    from jsonschema import Draft202012Validator

    schema = json.loads((REPOSITORY / "schemas" / name).read_text())
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_the_schemas_accept_the_examples_and_refuse_mutants() -> None:
    validators = {"manifests": _schema("use-case.v1.json"), "environments": _schema("environment.v1.json")}
    for path, content in files().items():
        if path.endswith(".yaml"):
            document = yaml.load(content, path)
            assert not list(validators[path.split("/")[0]].iter_errors(document.data)), path  # type: ignore[attr-defined, union-attr]
    codes = ("E201", "E202", "E203", "E204", "E401", "E402", "E403", "E405", "E408")
    shaped = [m for m in (*mutants(), *bodies()) if m.code in codes]
    refused = 0
    for mutant in shaped[::7]:
        content = dict(mutant.edits).get(mutant.path)
        document = yaml.load(content or b"", mutant.path)
        data = getattr(document, "data", None)
        refused += bool(list(validators[mutant.path.split("/")[0]].iter_errors(data)))  # type: ignore[attr-defined]
    assert refused >= 0.9 * len(shaped[::7])


def test_validate_imports_nothing_that_costs() -> None:
    watch = (
        "import sys; from releaser.cli.app import run; code = run(['validate', '--root', sys.argv[1]]);"
        "costly = {'boto3', 'botocore', 'git', 'jsonschema', 'ruamel', 'releaser.sandbox.server'};"
        "print(code, sorted(costly & set(sys.modules)))"
    )
    command = [sys.executable, "-c", watch, str(REPOSITORY)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "0 []"


def test_many_manifests_are_fast(tmp_path: Path) -> None:
    """120 lines each. The strict number is a benchmark's; here a bound that only a mistake can break."""
    shutil.copytree(REPOSITORY / "environments", tmp_path / "environments")
    count = 150
    for number in range(count):
        folder = tmp_path / "manifests" / f"use-case-{number}"
        shutil.copytree(REPOSITORY / "manifests" / "claims-assistant", folder)
        manifest = text(CLAIMS).replace("name: claims-assistant", f"name: use-case-{number}")
        (folder / "manifest.yaml").write_text(manifest)
    start = time.process_time()
    report = validate(DiskReader(tmp_path), workers=1)
    assert (time.process_time() - start) / count < 0.02  # 0.003 on a quiet machine
    assert {d.code for d in report.diagnostics} == {"E521"}


def test_nothing_to_validate_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "manifests").mkdir()
    assert run(["validate", "--root", str(tmp_path)]) == 64
    assert "no manifest and no environment" in capsys.readouterr().err


def test_a_folder_without_its_document_is_a_warning(repository: Path) -> None:
    for path in ("manifests/new/manifest.yml", "manifests/empty/prompts/a.md", "environments/qa/environment.yml"):
        (repository / path).parent.mkdir(parents=True)
        (repository / path).write_text("kind: UseCase\n")
    found = [d for d in validate(DiskReader(repository)).diagnostics if d.code == "E213"]
    assert {d.severity for d in found} == {"warning"}
    assert [d.path for d in found] == [
        "environments/qa/environment.yml",
        "manifests/empty/manifest.yaml",
        "manifests/new/manifest.yml",
    ]
    assert "rename manifest.yml to manifest.yaml" in [d.hint for d in found]


def test_a_link_is_refused_before_the_merge(repository: Path) -> None:
    """A commit would hold the link, not the text: the release could not be read from git."""
    prompt = repository / "manifests/claims-assistant/prompts/answer.md"
    prompt.rename(prompt.with_name("real.md"))
    prompt.symlink_to("real.md")
    found = [d for d in validate(DiskReader(repository)).diagnostics if d.code == "E308"]
    assert ["symbolic link" in d.message for d in found] == [True]
