"""Generated histories: use cases with many releases in several environments, tags, records and notes, by one
``git fast-import``. Nothing in them was ever in an account."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from releaser.core.address import Address
from releaser.core.change_facts import Approval, ChangeFacts
from releaser.core.entry import close_entry, encode, open_entry
from releaser.core.proof.files import sha256
from releaser.core.record import (
    Binding,
    Conclusion,
    Emergency,
    Facts,
    Holder,
    Intent,
    Outcome,
)
from releaser.core.workspace import UseCaseFiles
from releaser.store.reader import MemoryReader
from releaser.store.workspace import load_use_case

BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)
ENVIRONMENTS = ("dev", "preprod", "prod")
_NAMES = ("claims", "policy", "motor", "travel", "household", "complaint", "invoice", "contract", "broker", "pension")
_WHAT = ("assistant", "summary", "triage", "advisor", "search", "translation", "intake", "coach", "review", "letters")
_PEOPLE = ("a.keller@example.com", "m.rossi@example.com", "j.novak@example.com", "s.lind@example.com")

_ENVIRONMENT = """\
apiVersion: releaser.dev/v1
kind: Environment
metadata: {{name: {name}}}
spec:
  {follows}
  targets: [{{name: main, account: "{account}", region: eu-central-1}}]
  rollbackWindow: 30d
  bindings: {{kmsKeyArn: "arn:aws:kms:eu-central-1:{account}:key/1"}}
"""

_MANIFEST = """\
apiVersion: releaser.dev/v1
kind: UseCase
metadata:
  name: {name}
  owner: {owner}
  labels: {{costCenter: "{number:04}"}}
spec:
  description: Answers questions about {topic} from the documents of the house.
  governance:
    riskTier: {tier}
    dataClassification: {data}
    intendedUse: People of the house ask about {topic}. It answers and names its source.
    documents: {{responsibleAI: docs/model-card.md, dpia: docs/dpia.md}}
  models:
    answer:
      modelId: {model}
      inference: {{temperature: {temperature}, maxTokens: {tokens}}}
  guardrails:
    main:
      blockedInputMessaging: I cannot help with that here.
      blockedOutputsMessaging: I cannot give a reliable answer to that.
      contentPolicyConfig:
        filtersConfig:
          - {{type: HATE, inputStrength: {strength}, outputStrength: HIGH}}
          - {{type: VIOLENCE, inputStrength: MEDIUM, outputStrength: HIGH}}
          - {{type: PROMPT_ATTACK, inputStrength: HIGH, outputStrength: NONE}}
      wordPolicyConfig:
        wordsConfig: [{words}]
  prompts:
    answer: {{file: prompts/answer.md, model: answer, variables: [question, context], guardrail: main}}
    rewrite: {{file: prompts/rewrite.md, model: answer, variables: [question]}}
  datasets:
    golden: {{path: data/golden.jsonl, sha256: {golden}}}
  evaluation:
    suites:
      quality:
        target: {{prompt: answer, guardrail: main}}
        dataset: golden
        metrics:
          tokenF1: {{floor: {floor}, maxRegression: 0.02}}
"""

_PROMPT = """\
You answer questions about {topic}. Use the documents below and nothing else.

{rules}

Documents: {{{{context}}}}

Question: {{{{question}}}}
"""
_RULES = (
    "Name the document and the paragraph that an answer comes from.",
    "Say so when the documents do not answer the question.",
    "Write in the language of the question, in short sentences.",
    "Never promise a payment and never decide a claim.",
    "Explain a term of insurance the first time you use it.",
    "Give dates as day, month and year.",
    "Ask for what is missing before you answer.",
    "List what the reader has to do, one step a line.",
)
_MODELS = ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "eu.amazon.nova-pro-v1:0")
_CARD = "# Model card\n\nReviewed in round {round}.\n"


@dataclass(frozen=True, slots=True)
class Made:
    """One release of one use case: its files by path, what it is called and contains."""

    name: str
    number: int
    files: dict[str, bytes]
    digest: str
    index: int


def use_case(number: int) -> str:
    """The name of the n-th use case."""
    name = f"{_NAMES[number % 10]}-{_WHAT[number // 10 % 10]}"
    return name if number < 100 else f"{name}-{number // 100}"


def write(root: Path, use_cases: int, releases: int, environments: tuple[str, ...] = ENVIRONMENTS) -> None:
    """A repository with this history: the branches ``main`` and ``releases``, and a tag for every release."""
    root.mkdir(parents=True, exist_ok=True)
    _git(root, "init", "-q", "-b", "main")
    rounds = [[_release(i, number) for i in range(use_cases)] for number in range(1, releases + 1)]
    _git(root, "fast-import", "--quiet", "--export-marks=.git/marks", send=b"".join(_content(rounds, environments)))
    marks = dict(line.split() for line in (root / ".git" / "marks").read_text().splitlines())
    commits = [marks[f":{number + 1}"] for number in range(1, releases + 1)]
    _git(root, "fast-import", "--quiet", send=b"".join(_Records(environments).lines(rounds, commits)))
    _git(root, "reset", "-q", "--hard", "main")


def _git(root: Path, *words: str, send: bytes = b"") -> None:
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    subprocess.run(["git", *words], cwd=root, input=send, check=True, capture_output=True, env=env)


def _content(rounds: list[list[Made]], environments: tuple[str, ...]) -> Iterator[bytes]:
    """Commits on main, one a round, and the tags. Mark 1 holds the environments, mark n + 1 round n."""
    files = {}
    for index, name in enumerate(environments):
        follows = "track: main" if index == 0 else f"promotesFrom: {environments[index - 1]}"
        text = _ENVIRONMENT.format(name=name, follows=follows, account=str(index + 1) * 12)
        files[f"environments/{name}/environment.yaml"] = text.encode()
    yield _commit("main", 1, BEGIN, "Environments", files)
    for number, made in enumerate(rounds, 1):
        at = BEGIN + timedelta(days=7 * number)
        changed = {f"manifests/{one.name}/{path}": raw for one in made for path, raw in one.files.items()}
        yield _commit("main", number + 1, at, f"Round {number}", changed)
        for one in made:
            text = f"{one.name} r{number}\n\nRound {number}.\n\nRelease-Digest: sha256:{one.digest}\n"
            yield f"tag {one.name}/r{number}\nfrom :{number + 1}\n{_who('tagger', at)}{_data(text)}".encode()


def _commit(branch: str, mark: int, at: datetime, title: str, files: Mapping[str, bytes]) -> bytes:
    head = f"commit refs/heads/{branch}\nmark :{mark}\n{_who('committer', at)}{_data(title)}".encode()
    rows = (f"M 100644 inline {p}\ndata {len(raw)}\n".encode() + raw + b"\n" for p, raw in files.items())
    return head + b"".join(rows)


def _who(role: str, at: datetime) -> str:
    return f"{role} bench <bench@example.com> {int(at.timestamp())} +0000\n"


def _data(text: str) -> str:
    return f"data {len(text.encode())}\n{text}\n"


def _release(index: int, number: int) -> Made:
    """What the n-th use case is at a round: something else changes each time."""
    name = use_case(index)
    step = number + index
    golden = b'{"id": "1", "input": {"question": "?", "context": "."}, "expected": "%d"}\n' % (step // 6)
    rules = [_RULES[(index + k) % len(_RULES)] for k in range(3 + step // 4 % 4)]
    words = ", ".join(f"{{text: word {k}}}" for k in range(1 + step // 5 % 3))
    manifest = _MANIFEST.format(
        name=name,
        owner=_PEOPLE[index % 4],
        number=index,
        topic=name.split("-")[0],
        tier=("minimal", "limited", "high")[index % 3],
        data=("internal", "internal", "confidential")[index % 3],
        model=_MODELS[(step // 9 + index) % 2],
        temperature=round(0.1 + (step // 3 % 4) / 10, 1),
        tokens=500 + 100 * (step // 7 % 4),
        strength=("HIGH", "MEDIUM")[step // 8 % 2],
        words=words,
        golden=sha256(golden),
        floor=round(0.60 + (step // 6 % 4) / 100, 2),
    )
    files = {
        "manifest.yaml": manifest.encode(),
        "prompts/answer.md": _PROMPT.format(topic=name, rules="\n".join(rules)).encode(),
        "prompts/rewrite.md": f"Rewrite the question, {step} times shorter.\n\n{{{{question}}}}\n".encode(),
        "docs/model-card.md": _CARD.format(round=step // 10).encode(),
        "docs/dpia.md": b"# Data protection impact assessment\n",
        "data/golden.jsonl": golden,
    }
    loaded = load_use_case(MemoryReader({f"manifests/{name}/{p}": raw for p, raw in files.items()}), name)
    assert isinstance(loaded, UseCaseFiles) and not loaded.problems, loaded
    return Made(name, number, files, loaded.digest, index)


class _Records:
    """The branch ``releases``: in every environment each release some days after the one before it."""

    def __init__(self, environments: tuple[str, ...]) -> None:
        self.environments = environments
        self.rounds = 0
        self.seq: dict[tuple[str, str], int] = {}
        self.tip: dict[tuple[str, str], str] = {}
        self.live: dict[tuple[str, str], str] = {}

    def lines(self, rounds: list[list[Made]], commits: list[str]) -> Iterator[bytes]:
        mark = 0
        self.rounds = len(rounds)
        for made, commit in zip(rounds, commits, strict=True):
            for index, environment in enumerate(self.environments):
                mark += 1
                at = BEGIN + timedelta(days=7 * made[0].number + 2 * index, hours=1)
                files: dict[str, bytes] = {}
                for one in made:
                    files |= self._record(environment, one, commit, at + timedelta(minutes=one.index))
                yield _commit("releases", mark, at, f"{environment}: close {len(made)} records", files)

    def _record(self, environment: str, one: Made, commit: str, at: datetime) -> dict[str, bytes]:
        place = (environment, one.name)
        seq = self.seq.get(place, 0) + 1
        outcome = _outcome(environment, one, is_last=one.number == self.rounds)
        opened = open_entry(
            _intent(environment, one, commit, at, self.live.get(place, "")),
            seq=seq,
            previous=self.tip.get(place, ""),
            holder=Holder(kind="ci", name="job 4711"),
            now=at,
            expires=at + timedelta(hours=1),
        )
        first = encode(opened)
        if outcome is None:
            self.seq[place], self.tip[place] = seq, sha256(first)
            return {f"{opened.ref.folder}/opened.json": first}
        notes = f"# {one.name} r{one.number} in {environment}\n".encode()
        closed = close_entry(
            _conclusion(environment, one, outcome),
            record=opened.ref,
            previous=sha256(first),
            notes=notes,
            now=at + timedelta(minutes=3),
        )
        last = encode(closed)
        self.seq[place], self.tip[place] = seq, sha256(last)
        if outcome is Outcome.RELEASED:
            self.live[place] = f"r{one.number}"
        folder = opened.ref.folder
        return {f"{folder}/opened.json": first, f"{folder}/closed.json": last, f"{folder}/notes.md": notes}


_LAST = {7: Outcome.FAILED, 12: Outcome.ROLLED_BACK, 17: Outcome.RETIRED, 23: None}
"""How some use cases end in prod, so that every state can be seen; None: still open."""


def _outcome(environment: str, one: Made, *, is_last: bool) -> Outcome | None:
    if is_last and environment == "prod" and one.index % 25 in _LAST:
        return _LAST[one.index % 25]
    turn = (one.number * 7 + one.index * 3 + len(environment)) % 41
    if turn == 5:
        return Outcome.FAILED
    return Outcome.ROLLED_BACK if turn == 11 and environment == "prod" else Outcome.RELEASED


def _intent(environment: str, one: Made, commit: str, at: datetime, live: str) -> Intent:
    author, approver = _PEOPLE[one.index % 4], _PEOPLE[(one.index + one.number) % 3 - 1]
    change = ChangeFacts(
        merge_request=f"genai/releases!{100 * one.number + one.index}",
        link=f"https://git.example.com/genai/releases/-/merge_requests/{100 * one.number + one.index}",
        merged_at=at - timedelta(minutes=20),
        author=author,
        approvers=(Approval(by=approver, at=at - timedelta(hours=2)),),
        segregation="checked" if approver != author else "unenforced",
    )
    rescue = environment == "prod" and (one.number + one.index) % 37 == 0
    return Intent(
        use_case=one.name,
        environment=environment,
        account="111111111111",
        region="eu-central-1",
        release=f"r{one.number}",
        release_digest=one.digest,
        commit=commit,
        tree="0" * 40,
        tag="0" * 40,
        plan_digest=sha256(f"{environment}{one.name}{one.number}".encode()),
        change_digest=sha256(one.name.encode()),
        steps=(),
        previous_release=live,
        tool_version="0.4.0",
        actor=author,
        trigger="https://git.example.com/genai/releases/-/pipelines/4711",
        dirty=False,
        risk=("behavioural", "behavioural", "safety-weakening", "cosmetic")[(one.number + one.index) % 4],
        change=change,
        emergency=Emergency(kind="forward", reason="Answers named a product that is withdrawn", owner=author)
        if rescue
        else None,
    )


def _conclusion(environment: str, one: Made, outcome: Outcome) -> Conclusion:
    step = one.number + one.index
    value = round(0.62 + 0.002 * one.number + 0.01 * (step * 7 % 5), 4)
    measured = {"suite": "quality", "metric": "tokenF1", "value": value, "floor": 0.6, "n": 120}
    verdicts = (
        {"gate": "freeze", "result": "PASS", "reason": ""},
        {"gate": "quality", "result": "PASS", "reason": "", "metrics": [measured]},
    )
    bindings = {
        Address(one.name, kind, name): _binding(kind, name, one, environment)
        for kind, name in (
            ("guardrail", "main"),
            ("prompt", "answer"),
            ("prompt", "rewrite"),
            ("runtime-configuration", "runtime"),
        )
    }
    alarm = {"strategy": "canary-10-percent-20-minutes", "state": "ROLLED_BACK", "alarm": "claims-errors"}
    return Conclusion(
        outcome=outcome,
        bindings=bindings,
        verified=outcome is Outcome.RELEASED,
        verdicts=verdicts,
        facts=Facts(
            models={"answer": {"modelId": _MODELS[(step // 9 + one.index) % 2]}},
            governance={
                "riskTier": ("minimal", "limited", "high")[one.index % 3],
                "dataClassification": ("internal", "internal", "confidential")[one.index % 3],
            },
        ),
        duration_ms=180_000,
        delivery=alarm if outcome is Outcome.ROLLED_BACK else {},
    )


def _binding(kind: str, name: str, one: Made, environment: str) -> Binding:
    id_ = sha256(f"{environment}{one.name}{kind}{name}".encode())[:10]
    return Binding(
        kind=kind,
        id=id_,
        arn=f"arn:aws:bedrock:eu-central-1:111111111111:{kind}/{id_}",
        name=f"{one.name}_{name}",
        revision="2026-01-01T00:00:00Z",
        version=str(one.number) if kind != "runtime-configuration" else None,
        stamp=sha256(f"{one.digest}{kind}{name}".encode()),
        behaviour=sha256(f"{one.digest}{kind}{name}b".encode()),
        body_digest=sha256(f"{one.digest}{kind}{name}c".encode()),
        fields={f"field{i}": "0123456789ab" for i in range(8)},
    )
