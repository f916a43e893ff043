"""Mutation operators: each makes one thing wrong and knows the code and the line at which that must be reported.

Positions come from ruamel, not from the loader under test.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from ruamel.yaml import YAML

from mutations.estate import ADVISOR, CLAIMS, DEV, PREPROD, PROD, SUMMARY, TRIAGE, files, text
from releaser.core.manifest import PLANNED_SECTIONS


@dataclass(frozen=True)
class Mutant:
    """Files that are wrong in one place."""

    name: str
    path: str
    code: str
    line: int
    edits: tuple[tuple[str, bytes | None], ...]
    """Path -> new content; None removes the file."""
    severity: str = "error"

    def applied(self, to: dict[str, bytes]) -> dict[str, bytes]:
        mutated = {**to, **{path: content for path, content in self.edits if content is not None}}
        return {path: content for path, content in mutated.items() if (path, None) not in self.edits}


def edit(path: str, old: str, new: str, code: str, at: str | None = None, shift: int = 0, name: str = "") -> Mutant:
    """The first ``old`` becomes ``new``. The line is that of ``at`` in the new text; of the edit when not given."""
    before = text(path)
    assert old in before, (path, old)
    start = before.index(old)
    after = before[:start] + new + before[start + len(old) :]
    where = after.index(at) if at is not None else start + len(new) - len(new.lstrip("\n "))
    line = after.count("\n", 0, where) + 1 + shift
    return Mutant(
        name or f"{code} {old.strip()[:40]} -> {new.strip()[:40]}", path, code, line, ((path, after.encode()),)
    )


def elsewhere(mutant: Mutant, path: str, line: int, code: str) -> Mutant:
    """The same edit, reported in another file."""
    return Mutant(mutant.name, path, code, line, mutant.edits, mutant.severity)


@cache
def tree(path: str) -> Any:
    return YAML(typ="rt").load(io.StringIO(text(path)))


Key = tuple[tuple[str | int, ...], int, int]


def keys(node: Any, at: tuple[str | int, ...] = ()) -> Iterator[Key]:
    """Every key with its line and column, from 0."""
    if isinstance(node, dict):
        for key, value in node.items():
            line, column = node.lc.key(key)
            yield (*at, key), line, column
            yield from keys(value, (*at, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from keys(value, (*at, index))


def scalars(node: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], int, int, Any]]:
    """Every plain value of a mapping with its line and column, from 0."""
    if isinstance(node, dict):
        for key, value in node.items():
            if isinstance(value, dict | list):
                yield from scalars(value, (*at, key))
            else:
                line, column = node.lc.value(key)
                yield (*at, key), line, column, value
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from scalars(value, (*at, index))


_FREE = ("labels", "bindings", "documents", "residency", "parameters")
_RESOURCES = ("guardrails", "flows", "agents", "knowledgeBases")
"""Sections whose entries are AWS's own bodies."""
_NAMING = ("models", "prompts", "datasets", "suites", "metrics", "target", "content", *_RESOURCES, *_FREE)


def misspelt_keys(path: str) -> Iterator[Mutant]:
    """Each field name of ours gets a letter too many (E201), each of AWS's too (E403)."""
    lines = text(path).split("\n")
    for at, line, column in keys(tree(path)):
        key = str(at[-1])
        if at[-2:-1] and at[-2] in _NAMING and not (at[-2] == "prompts" and len(at) > 3):
            continue
        code = "E403" if at[1:2] and at[1] in _RESOURCES and len(at) > 3 else "E201"
        changed = list(lines)
        row = changed[line]
        changed[line] = row[: column + len(key)] + "x" + row[column + len(key) :]
        name = f"{code} {path} key {'.'.join(map(str, at))}"
        yield Mutant(name, path, code, line + 1, ((path, "\n".join(changed).encode()),))


def wrong_enums(path: str) -> Iterator[Mutant]:
    """Each word from a closed set becomes another word: E405 in AWS's bodies."""
    closed = {"type", "inputStrength", "outputStrength", "action", "chunkingStrategy", "customControl"}
    for at, line, column, value in scalars(tree(path)):
        if at[1:2] and at[1] in _RESOURCES and at[-1] in closed:
            yield _replaced(path, at, line, column, str(value), "WRONG", "E405")


def wrong_types(path: str) -> Iterator[Mutant]:
    """Each one-line value becomes a list: E401 in AWS's bodies, E203 in ours."""
    lines = text(path).split("\n")
    for at, line, column, value in scalars(tree(path)):
        written = lines[line][column:]
        if not isinstance(value, str) or not written.startswith(value) or at[0] in ("apiVersion", "kind"):
            continue
        if at[1:2] in (("evaluation",), ("targets",), ("freeze",)):
            continue
        theirs = at[1:2] and at[1] in _RESOURCES and "content" not in at
        yield _replaced(path, at, line, column, value, "[x]", "E401" if theirs else "E203")


def _replaced(path: str, at: tuple[str | int, ...], line: int, column: int, old: str, new: str, code: str) -> Mutant:
    lines = text(path).split("\n")
    row = lines[line]
    assert row[column:].startswith(old), (path, at, row)
    lines[line] = row[:column] + new + row[column + len(old) :]
    name = f"{code} {path} {'.'.join(map(str, at))}: {new}"
    return Mutant(name, path, code, line + 1, ((path, "\n".join(lines).encode()),))


def repeated_lines(path: str) -> Iterator[Mutant]:
    """Each one-line `key: value` stands twice: E102 at the second."""
    lines = text(path).split("\n")
    for at, line, column in keys(tree(path)):
        row = lines[line]
        alone = row.strip().startswith(f"{at[-1]}:") and not row.rstrip().endswith((":", "|", ">-", ">"))
        if alone and column == len(row) - len(row.lstrip()):
            changed = [*lines[: line + 1], row, *lines[line + 1 :]]
            name = f"E102 {path} {'.'.join(map(str, at))}"
            yield Mutant(name, path, "E102", line + 2, ((path, "\n".join(changed).encode()),))


def yaml_itself() -> Iterator[Mutant]:
    """What YAML forbids, and what we forbid in YAML."""
    owner = "  owner: claims-platform@example.com"
    yield edit(CLAIMS, owner, "  owner: [unclosed", "E101", at="  labels", name="open bracket")
    yield edit(CLAIMS, owner, "  owner: a: b", "E101", name="colon in plain text")
    yield edit(CLAIMS, owner, "  owner: @claims", "E101", name="at sign")
    yield edit(CLAIMS, owner, "\towner: claims", "E110", at="\towner", name="tab")
    yield edit(CLAIMS, owner, "  owner: !secret x", "E107", name="tag")
    yield edit(CLAIMS, owner, "  owner: *claims", "E111", name="alias")
    yield edit(CLAIMS, owner, f"{owner}\n  17: x", "E109", at="  17", name="number as key")
    yield edit(CLAIMS, owner, f"{owner}\n  true: x", "E109", at="  true", name="boolean as key")
    yield edit(CLAIMS, owner, f"{owner}\n  ? [a, b]\n  : x", "E109", at="  ? [a", name="list as key")
    yield edit(CLAIMS, owner, f"{owner}\n  <<: {{a: b}}", "E114", at="  <<", name="merge key")
    yield edit(CLAIMS, owner, "  owner: .inf", "E113", name="infinity")
    yield edit(CLAIMS, owner, "  owner: 1e999", "E113", name="too large a float")
    yield edit(CLAIMS, owner, "  owner: 99999999999999999999999", "E113", name="too large an integer")
    yield edit(CLAIMS, owner, "  owner: x\x07y", "E112", name="bell")
    yield edit(CLAIMS, owner, "  owner: x\u2028y", "E112", name="line separator")
    yield edit(CLAIMS, owner, "  owner: &a [*a]", "E105", name="alias of itself")
    yield edit(CLAIMS, owner, "  owner: " + "[" * 70 + "]" * 70, "E105", name="deep")
    yield edit(CLAIMS, owner, f"{owner}\n---\na: b", "E108", at="---", name="two documents")
    whole = {
        "empty": (b"", "E115", 1),
        "a list": (b"- a\n- b\n", "E115", 1),
        "Latin-1": (text(CLAIMS).encode().replace(b"claims-platform", b"cl\xe4ims"), "E103", 6),
        "UTF-16": (text(CLAIMS).encode("utf-16"), "E103", 1),
        "huge": (text(CLAIMS).encode() + b"#" * (1 << 20), "E104", 1),
        "wide": (b"a: [" + b"x," * 60_000 + b"]\n", "E106", 1),
        "bomb": (_bomb(), "E106", 1),
    }
    for name, (content, code, line) in whole.items():
        yield Mutant(name, CLAIMS, code, line, ((CLAIMS, content),))


def _bomb() -> bytes:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]")
    return "\n".join(lines).encode()


def documents() -> Iterator[Mutant]:
    """The shape of our documents."""
    yield edit(CLAIMS, "releaser.dev/v1", "releaser.dev/v2", "E207")
    yield edit(CLAIMS, "kind: UseCase", "kind: Environment", "E208")
    yield edit(DEV, "kind: Environment", "kind: UseCase", "E208")
    yield edit(CLAIMS, "name: claims-assistant", "name: claims-asistant", "E209")
    yield edit(DEV, "name: dev", "name: development", "E209")
    yield edit(CLAIMS, "name: claims-assistant", "name: Claims_Assistant", "E205")
    yield edit(CLAIMS, "  owner: claims-platform@example.com\n", "", "E202", at="metadata:")
    yield edit(CLAIMS, "    riskTier: high\n", "", "E202", at="  governance:")
    yield edit(CLAIMS, 'costCenter: "4711"', "costCenter: 4711", "E203")
    yield edit(CLAIMS, "riskTier: high", "riskTier: hihg", "E204")
    yield edit(CLAIMS, "dataClassification: confidential", "dataClassification: secret", "E204")
    yield edit(CLAIMS, "profile: true", "profile: yes", "E203")
    yield edit(CLAIMS, "profile: true", 'profile: "true"', "E203")
    yield edit(CLAIMS, "    answer:\n      modelId", "    my answer:\n      modelId", "E212", at="my answer")
    yield edit(CLAIMS, "    main:\n      description", "    main_1:\n      description", "E212", at="main_1")
    yield edit(CLAIMS, "tier: critical}", "tier: crucial}", "E204")
    yield edit(CLAIMS, "minN: 20", "minN: 0", "E205")
    yield edit(CLAIMS, "      sha256: ", "      sha256: zz", "E205")
    yield edit(CLAIMS, "domain: insurance", "aws:domain: insurance", "E212")
    for section in sorted(PLANNED_SECTIONS):
        yield edit(CLAIMS, "  models:\n", f"  {section}: {{}}\n  models:\n", "E206", at=f"  {section}")
    yield edit(CLAIMS, "  models:\n", "  model:\n", "E201")


def references() -> Iterator[Mutant]:
    """Names, files, bindings and references that lead nowhere."""
    yield edit(CLAIMS, "${env.kmsKeyArn}", "${env.kmsKey}", "E301")
    yield edit(CLAIMS, "${env.kmsKeyArn}", "${env.}", "E302")
    yield edit(CLAIMS, "${env.kmsKeyArn}", "${kmsKeyArn}", "E302")
    yield edit(CLAIMS, "${env.kmsKeyArn}", "${guardrail/mian.arn}", "E303")
    yield edit(CLAIMS, "${env.kmsKeyArn}", "${inference-profile/answer.version}", "E304")
    yield edit(CLAIMS, "${env.kmsKeyArn}", "x${guardrail/main.arn}", "E305")
    yield edit(CLAIMS, "${env.kmsKeyArn}", "${guardrail/main.arn}", "E310", at="spec:", name="E310 itself")
    yield edit(CLAIMS, "      model: answer", "      model: anwser", "E306")
    yield edit(CLAIMS, "      guardrail: main", "      guardrail: mian", "E306")
    yield edit(CLAIMS, "dataset: golden", "dataset: gold", "E306")
    yield edit(CLAIMS, "{prompt: answer, guardrail: main}", "{prompt: answers, guardrail: main}", "E306")
    yield edit(CLAIMS, "{prompt: answer, guardrail: main}", "{promt: answer}", "E201")
    yield edit(CLAIMS, "judge: judge,", "judge: jugde,", "E306")
    yield edit(CLAIMS, "prompts/answer.md", "prompts/anwser.md", "E307")
    yield edit(CLAIMS, "docs/dpia.md", "docs/dpia.txt", "E307")
    yield edit(CLAIMS, "data/golden.jsonl", "data/gold.jsonl", "E307")
    yield edit(CLAIMS, "prompts/answer.md", "../complaint-triage/prompts/classify.md", "E308")
    yield edit(CLAIMS, "prompts/answer.md", "/etc/passwd", "E308")
    yield edit(CLAIMS, "docs/dpia.md", "docs/./dpia.md", "E308")
    yield edit(CLAIMS, "data/golden.jsonl", "data\\golden.jsonl", "E308")
    kept = edit(DEV, "kmsKeyArn:", "kmsKeyArn2:", "E301")
    yield elsewhere(kept, TRIAGE, _line(TRIAGE, "kmsKeyId: ${env"), "E301")
    gone = (("manifests/claims-assistant/prompts/answer.md", None),)
    yield Mutant("E307 file removed", CLAIMS, "E307", _line(CLAIMS, "file: prompts/answer.md"), gone)
    binary = (("manifests/claims-assistant/prompts/answer.md", b"\xff\xfe\x00"),)
    yield Mutant("E309 not UTF-8", CLAIMS, "E309", _line(CLAIMS, "file: prompts/answer.md"), binary)


def _line(path: str, what: str, content: str | None = None) -> int:
    found = content if content is not None else text(path)
    return found.count("\n", 0, found.index(what)) + 1


def aws_limits() -> Iterator[Mutant]:
    """AWS's own limits, from the service model."""
    yield edit(
        CLAIMS,
        "      blockedInputMessaging: I cannot",
        "      blockedInputs: I cannot",
        "E402",
        at="    main:\n      desc",
    )
    yield edit(CLAIMS, "{type: HATE, inputStrength: HIGH, ", "{type: HATE, ", "E402")
    yield edit(CLAIMS, "name: Legal advice", "name: Legal/advice", "E406")
    yield edit(CLAIMS, "name: Legal advice", 'name: ""', "E407")
    yield edit(CLAIMS, "name: Legal advice", "name: " + "x" * 101, "E408")
    yield edit(CLAIMS, "I cannot help with that here.", "x" * 501, "E408")
    yield edit(CLAIMS, "For conversations with", "x" * 201, "E408")
    yield edit(CLAIMS, "threshold: 0.75", "threshold: -0.1", "E407")
    yield edit(CLAIMS, "threshold: 0.75", "threshold: high", "E401")
    yield edit(CLAIMS, "temperature: 0.2", "temperature: 1.2", "E408")
    yield edit(CLAIMS, "temperature: 0.2", "temperature: -1", "E407")
    yield edit(TRIAGE, 'stopSequences: ["\\n\\n"]', "stopSequences: [a, b, c, d, e]", "E408")
    yield edit(CLAIMS, "action: ANONYMIZE}", "action: HIDE}", "E405")
    yield edit(CLAIMS, "      kmsKeyId: ${env.kmsKeyArn}", "      kmsKeyId: arn:aws:kms:nowhere", "E406")
    many = "\n".join(f"              - example {i}" for i in range(101))
    yield edit(
        CLAIMS,
        "              - Should I sue you over this?",
        many,
        "E408",
        at="            examples:\n              - example 0",
    )
    yield edit(
        CLAIMS, "      wordPolicyConfig:\n", "      wordPolicyConfig: []\n      x:\n", "E401", at="wordPolicyConfig: []"
    )
    arn = edit(DEV, "arn:aws:kms:eu-central-1:111111111111:key/", "arn:aws:kms:eu-central-1:11:key/", "E406")
    yield elsewhere(arn, CLAIMS, _line(CLAIMS, "kmsKeyId: ${env"), "E406")
    named = 'variables: [question, context, "a b"]'
    yield edit(CLAIMS, "variables: [question, context]", named, "E406", at="  prompts:\n    answer:", shift=1)


def aws_rules() -> Iterator[Mutant]:
    """AWS's rules that stand only in its documentation."""
    yield edit(CLAIMS, "outputStrength: NONE}", "outputStrength: HIGH}", "E501")
    yield edit(TRIAGE, "{type: PROMPT_ATTACK, inputStrength: MEDIUM, outputStrength: NONE}",
               "{type: PROMPT_ATTACK, inputStrength: MEDIUM, outputStrength: LOW}", "E501")  # fmt: skip
    yield edit(CLAIMS, "threshold: 0.75", "threshold: 1", "E502")
    yield edit(CLAIMS, "threshold: 0.6}", "threshold: 1.0}", "E502")
    yield edit(CLAIMS, r"CL-\d{4}-\d{6}", r"CL-(\d{4}", "E503")
    yield edit(CLAIMS, r"CL-\d{4}-\d{6}", r"(?<=x)\d{4}", "E503")
    yield edit(
        CLAIMS,
        "        topicsConfig:",
        "        tierConfig: {tierName: STANDARD}\n        topicsConfig:",
        "E504",
        at="tierName",
    )
    yield edit(CLAIMS, "kmsKeyId: ${env.kmsKeyArn}", "kmsKeyId: 6f0c1a52-3d6e-4c8b-9b1f-0d2a7e5c4b11", "E506")
    yield edit(CLAIMS, "{type: INSULTS, inputStrength: MEDIUM", "{type: HATE, inputStrength: MEDIUM", "E507")
    yield edit(CLAIMS, "{text: internal reserve}", "{text: guaranteed payout}", "E507")
    yield edit(CLAIMS, "variables: [question, context]", "variables: [question]", "E511").__class__(
        "E511 undeclared", "manifests/claims-assistant/prompts/answer.md", "E511", 4,
        edit(CLAIMS, "variables: [question, context]", "variables: [question]", "E511").edits)  # fmt: skip
    yield edit(CLAIMS, "variables: [question, context]", "variables: [question, context, more]", "E512")
    prompt = "manifests/complaint-triage/prompts/classify.md"
    changed = text(prompt).replace("{{complaint}}", "{{the complaint}}")
    yield Mutant("E513", prompt, "E513", _line(prompt, "{{the", changed), ((prompt, changed.encode()),))
    yield Mutant("E514", TRIAGE, "E514", _line(TRIAGE, "file: prompts"), ((prompt, b"\n"),))
    bare = "    bare: {blockedInputMessaging: a, blockedOutputsMessaging: b, kmsKeyId: '${env.kmsKeyArn}'}\n"
    yield edit(CLAIMS, "  guardrails:\n", "  guardrails:\n" + bare, "E505", at="    bare:")
    name = "x" * 40
    model = f"  models:\n    {name}: {{modelId: eu.amazon.nova-pro-v1:0, profile: true}}\n"
    yield edit(CLAIMS, "  models:\n", model, "E522", at=f"    {name}")


def policy() -> Iterator[Mutant]:
    """Governance and policy."""
    yield edit(CLAIMS, "owner: claims-platform@example.com", "owner: AKIA" + "Q" * 16, "E601")
    yield edit(CLAIMS, "domain: insurance", "apiKey: 0123456789abcdef", "E601")
    yield edit(DEV, "  bindings:\n", "  bindings:\n    dbPassword: hunter2hunter2\n", "E601", at="dbPassword")
    yield edit(DEV, "  bindings:\n", "  bindings:\n    token: glpat-" + "x" * 20 + "\n", "E601", at="token:")
    for line in (
        "    dataClassification: confidential\n",
        "      responsibleAI: docs/model-card.md\n",
        "      dpia: docs/dpia.md\n",
    ):
        yield edit(CLAIMS, line, "", "E602", at="    riskTier")
    yield edit(TRIAGE, "    dataClassification: confidential\n", "", "E602", at="    riskTier")
    yield edit(SUMMARY, "riskTier: minimal", "riskTier: limited", "E602")
    yield edit(SUMMARY, "riskTier: minimal", "riskTier: high", "E602")
    yield edit(CLAIMS, "eu.amazon.nova-pro", "us.amazon.nova-pro", "E603")
    yield edit(CLAIMS, "eu.amazon.nova-pro", "global.amazon.nova-pro", "E607")
    yield edit(CLAIMS, "eu.amazon.nova-pro", "mx.amazon.nova-pro", "E615")
    guarded = edit(PROD, "  policy:\n", "  policy:\n    requireGuardrail: true\n", "E604")
    yield elsewhere(guarded, SUMMARY, _line(SUMMARY, "    summarise:"), "E604")
    yield edit(CLAIMS, "modelId: eu.amazon.nova-pro-v1:0", "modelId: eu.amazon.nova-pro-v1:DRAFT", "E605")
    yield edit(
        CLAIMS, "      customerEncryptionKeyArn: ${env.kmsKeyArn}\n", "", "E606", at="  prompts:\n    answer:", shift=1
    )
    yield edit(SUMMARY, "    dataClassification: internal\n", "", "E614", at="  governance:")
    yield edit(PROD, "  policy:\n", "  gates: {required: [approval]}\n  policy:\n", "E608", at="  gates")
    yield edit(PREPROD, "  policy:\n", "  gates: {required: [approval]}\n  policy:\n", "E608", at="  gates")
    for code, rule, at in (("E611", "E102", "guardrails.main"), ("E611", "E999", "guardrails.main")):
        waiver = f"  waivers:\n    - {{rule: {rule}, at: {at}, reason: because of reasons}}\n  models:\n"
        yield edit(CLAIMS, "  models:\n", waiver, code, at="    - {rule", name=f"{code} {rule}")
    for member, wrong, code in (
        ("at", "guardrails", "E205"),
        ("change", "anything", "E204"),
        ("reason", "because", "E205"),
        ("until", "someday", "E205"),
    ):
        given = {"at": "guardrails.main", "change": "weaken", "reason": "because of reasons", member: wrong}
        entry = "".join(f"      {k}: {v}\n" for k, v in given.items()).replace("      ", "    - ", 1)
        yield edit(CLAIMS, "  models:\n", f"  allow:\n{entry}  models:\n", code, at=f"{member}: {wrong}")
    for wrong, code in (("{onRemove: keep}", "E204"), ("{onremove: retain}", "E201"), ("retain", "E203")):
        lines = f"    main:\n      lifecycle: {wrong}\n"
        yield edit(CLAIMS, "    main:\n", lines, code, at="      lifecycle")
    unused = "  waivers:\n    - {rule: E406, at: guardrails.main, reason: because of reasons}\n  models:\n"
    found = edit(CLAIMS, "  models:\n", unused, "E610", at="    - {rule")
    yield Mutant(found.name, found.path, found.code, found.line, found.edits, "warning")


def environments() -> Iterator[Mutant]:
    yield edit(DEV, 'account: "111111111111"', "account: 111111111111", "E203")
    yield edit(DEV, 'account: "111111111111"', 'account: "11111111111"', "E205")
    yield edit(DEV, "region: eu-central-1", "region: Frankfurt", "E205")
    yield edit(DEV, "role: arn:aws:iam::111111111111", "role: arn:aws:iam::222222222222", "E613", at="    - name: main")
    yield edit(DEV, "role: arn:aws:iam::111111111111:role", "role: arn:aws:iam::111111111111:user", "E205")
    yield edit(DEV, "  track: main", "  promotesFrom: prod\n  track: main", "E210", at="spec:")
    yield edit(PREPROD, "promotesFrom: dev", "promotesFrom: dve", "E311")
    circle = edit(PREPROD, "promotesFrom: dev", "promotesFrom: prod", "E311")
    yield circle
    yield elsewhere(circle, PROD, _line(PROD, "promotesFrom"), "E311")
    yield edit(PROD, "{from: 2026-12-20, to: 2027-01-04", "{from: 2027-01-20, to: 2027-01-04", "E612")
    yield edit(PROD, "from: 2026-12-20", "from: 20.12.2026", "E205")
    yield edit(PROD, "rollbackWindow: 30d", "rollbackWindow: 30 days", "E205")
    yield edit(PROD, "maxDeletePercent: 10", "maxDeletePercent: 110", "E205")
    yield edit(PROD, "maxDeletePercent: 10", "maxDeletePercent: 10.5", "E203")
    yield edit(PROD, "  policy:\n", "  gates: {accept: {quality: staging}}\n  policy:\n", "E311", at="  gates")
    yield edit(PROD, 'account: "333333333333"', 'account: "222222222222"', "E609").__class__(
        "E609", PROD, "E609", _line(PROD, "account:"),
        ((PROD, text(PROD).replace("333333333333", "222222222222").encode()),))  # fmt: skip
    twice = text(DEV)[text(DEV).index("    - name: main") : text(DEV).index("  safety:")]
    yield edit(DEV, "  safety:", twice + "  safety:", "E211", at="spec:")
    yield edit(DEV, "  bindings:\n", "  bindings:\n    a-b: x\n", "E212", at="    a-b")
    yield edit(PROD, "forbidDraft: true", "forbidDraft: yes", "E203")


def data() -> Iterator[Mutant]:
    """Data sets and thresholds."""
    golden = "manifests/policy-summary/data/golden.jsonl"
    content = files()[golden]
    sha = _line(SUMMARY, "sha256:")
    yield Mutant("E701", SUMMARY, "E701", sha, ((golden, content + b"\n"),))
    lines = content.split(b"\n")
    for code, number, line in (
        ("E702", 3, b"{"),
        ("E702", 4, b"[1, 2]"),
        ("E703", 2, lines[0]),
        ("E703", 5, b'{"input": {"audience": "a", "document": "d"}}'),
        ("E704", 6, b'{"id": "x"}'),
        ("E704", 7, b'{"id": "x", "input": {"audience": "a"}}'),
    ):
        changed = b"\n".join([*lines[: number - 1], line, *lines[number:]])
        yield Mutant(f"{code} line {number}", golden, code, number, ((golden, changed),))
    yield edit(CLAIMS, "tokenF1: {floor", "tokenF2: {floor", "E705")
    yield edit(CLAIMS, "correctness: {judge: judge, ", "correctness: {", "E705")
    yield edit(CLAIMS, "tokenF1: {floor: 0.55, ", "tokenF1: {", "E706")
    yield edit(CLAIMS, "tokenF1: {floor: 0.55", "tokenF1: {ceiling: 0.9, floor: 0.55", "E706")
    yield edit(CLAIMS, "ceiling: 1500ms", "ceiling: 1500", "E707")
    yield edit(CLAIMS, "ceiling: 1500ms", "ceiling: 1500 ms", "E707")
    yield edit(CLAIMS, "tokenF1: {floor: 0.55", "tokenF1: {floor: 55", "E707")
    yield edit(CLAIMS, "tokenF1: {floor: 0.55", 'tokenF1: {floor: "0.55"', "E707")
    yield edit(CLAIMS, "ceiling: 6.50", "ceiling: -6.50", "E707")
    yield edit(CLAIMS, "maxRegression: 10%", "maxRegression: ten", "E707")
    yield edit(CLAIMS, "attackSuccessRate: {ceiling", "attackSuccessRate: {floor", "E708")
    yield edit(CLAIMS, "timeToFirstTokenP95: {ceiling", "timeToFirstTokenP95: {floor", "E708")
    yield edit(SUMMARY, "rougeL: {floor", "rougeL: {ceiling", "E708")
    yield edit(CLAIMS, "      path: data/golden.jsonl\n", "", "E709", at="    golden:")
    yield edit(
        CLAIMS,
        "      path: data/golden.jsonl\n",
        "      path: data/golden.jsonl\n      uri: s3://x/y\n",
        "E709",
        at="    golden:",
    )
    yield edit(CLAIMS, "minN: 20", "minN: 2000", "E710")
    yield edit(CLAIMS, "tokenF1: {floor", "tokenF1: {judge: judge, floor", "E711")


def mutants() -> list[Mutant]:
    """All of them, by name."""
    found: dict[str, Mutant] = {}
    families = [yaml_itself(), documents(), references(), aws_limits(), aws_rules(), policy(), environments(), data()]
    for path in (CLAIMS, TRIAGE, SUMMARY, ADVISOR, DEV, PREPROD, PROD):
        families += [misspelt_keys(path), repeated_lines(path)]
    for path in (CLAIMS, TRIAGE, ADVISOR):
        families += [wrong_enums(path), wrong_types(path)]
    for family in families:
        for mutant in family:
            found[f"{mutant.name} @{mutant.path.split('/')[1]}:{mutant.line}"] = mutant
    return list(found.values())
