"""Evidence from files, judged again under the thresholds of the manifests here. No call is made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from releaser import wiring
from releaser.core.errors import WrongUsage
from releaser.core.evaluation.evidence import Evidence
from releaser.core.evaluation.judgement import Judgement
from releaser.core.gate import Result
from releaser.core.suggest import did_you_mean
from releaser.pipeline import reviewing
from releaser.pipeline.archive import parsed
from releaser.pipeline.thresholds import judged_suites

Texts = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Rejudged:
    """A judgement, and how to look up what was said."""

    judgement: Judgement
    texts: Texts


def rejudge(
    root: Path | None,
    evidence: Sequence[Path],
    baseline: Iterable[Path],
    environment: str,
    to_review: Path | None = None,
) -> Rejudged:
    """The judgement of all evidence of one use case; what people have not reviewed yet goes to ``to_review``. Raises
    WrongUsage, ReleaserError for what is no evidence."""
    repo = wiring.repository(root)
    found = [_read(path) for path in evidence]
    before = [_read(path) for path in baseline]
    names = sorted({e.subject.use_case for e in (*found, *before)})
    if len(names) != 1:
        raise WrongUsage(
            f"this is evidence of {', '.join(names) or 'nothing'}",
            code="G-evidence",
            hint="judge one use case at a time",
        )
    workspace = repo.load()
    files = workspace.use_cases.get(names[0])
    if files is None:
        hint = did_you_mean(names[0], workspace.use_cases)
        raise WrongUsage(f"there is no manifest of {names[0]} here", code="P102", hint=hint)
    by_suite, texts = _by_suite(found), texts_of(repo)
    sheets = reviewing.sheets_of(files.spec, by_suite, to_review) if to_review else {}
    rule: Any = "block"
    if environment:
        rule = wiring.choose_environment(workspace.environments, environment).spec.gates.inconclusive
    judgement = judged_suites(
        names[0],
        environment,
        "",
        files.spec,
        by_suite,
        {s: ("the baseline", es) for s, es in _by_suite(before).items()},
        today=repo.clock.now().date(),
        inconclusive=rule,
        files=files.cases,
    )
    if sheets:
        cases_of = reviewing.reader_of(files.spec, files.cases, None, repo.lfs_object)
        reviewing.write(sheets, files.spec, by_suite, files.cases, cases_of, texts)
    return Rejudged(judgement, texts)


def exit_code(judgement: Judgement) -> int:
    """0 passes, 5 is awaited, 3 does not pass."""
    match judgement.result:
        case Result.PASS:
            return 0
        case Result.PENDING:
            return 5
        case _:
            return 3


def worst_code(judgements: Iterable[Judgement]) -> int:
    """Of several: 3 is worse than 5."""
    codes = {exit_code(one) for one in judgements}
    return next((code for code in (3, 5) if code in codes), 0)


def printed(judgement: Judgement, output: str, texts: Texts) -> str:
    """As text, JSON, Markdown, JUnit or a page."""
    match output:
        case "json":
            from releaser.render.evaluation.data import gate_json

            return gate_json(judgement)
        case "markdown":
            from releaser.render.evaluation.comment import judgement_markdown

            return judgement_markdown(judgement, texts)
        case "junit":
            from releaser.render.reports.checks import judgement_junit

            return judgement_junit(judgement)
        case "html":
            from releaser.render.evaluation.page import judgement_page

            return judgement_page(judgement, texts)
        case _:
            from releaser.render.evaluation.table import judgement_text

            return judgement_text(judgement, texts)


def texts_of(repo: wiring.Repository) -> Texts:
    """What was said, by the digest of a response; nothing where this clone has not asked."""
    if not repo.has_git:
        return lambda _: None
    folder = responses_folder(repo)
    if not folder.is_dir():
        return lambda _: None
    from releaser.store.responses import ResponseFolder

    store = ResponseFolder(folder)

    def text(sha256: str) -> str | None:
        found = store.read(sha256)
        return found.text if found else None

    return text


def responses_folder(repo: wiring.Repository) -> Path:
    """Where responses are kept: ``RELEASER_RESPONSES``, which a pipeline caches, or beside git's own files."""
    given = repo.environ.get("RELEASER_RESPONSES")
    return Path(given) if given else Path(repo.git.git_dir) / "releaser" / "responses"


def _by_suite(found: Iterable[Evidence]) -> Mapping[str, list[Evidence]]:
    by: dict[str, list[Evidence]] = {}
    for one in found:
        by.setdefault(one.subject.suite, []).append(one)
    return by


def _read(path: Path) -> Evidence:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise WrongUsage(f"{path}: {error.strerror}", code="G-evidence", hint="name a file of `evaluate`") from None
    return parsed(raw, str(path))
