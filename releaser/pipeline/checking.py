"""Nothing is planned from a manifest that AWS would reject."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from releaser.core.diagnostic import Diagnostic
from releaser.core.errors import ReleaserError
from releaser.core.workspace import UseCaseFiles
from releaser.kinds import registry
from releaser.store.pin_checks import unfit

if TYPE_CHECKING:
    from releaser.pipeline.content import Content
    from releaser.pipeline.desk import Desk


def refuse_invalid(desk: Desk) -> None:
    """Raises for content of a branch. A release that does not fit where it is pinned is left out, and said: it stops
    no other. What was released as it is was checked then."""
    errors = _errors(desk, desk.files)
    if desk.content.pins is None:
        said = [d for d in desk.content.diagnostics if d.severity == "error" and _concerns(d, desk)]
        _refuse([*said, *(d for found in errors.values() for d in found)])
        return
    for name, found in errors.items():
        pin, content = desk.content.pins.files[name], desk.content.pinned[name]
        desk.leave_out(name, unfit(pin, content, desk.environment.name, found))


def refuse_unreadable(content: Content, wanted: Sequence[str]) -> None:
    """Raises for a named use case whose manifest is there and cannot be read: it is no misspelt name."""
    folders = {f"manifests/{name}/" for name in wanted if name not in content.files}
    _refuse([d for d in content.diagnostics if d.severity == "error" and d.path.startswith(tuple(folders))])


def _errors(desk: Desk, files: Mapping[str, UseCaseFiles]) -> dict[str, list[Diagnostic]]:
    from releaser.core.validate import validate_use_case
    from releaser.kinds.models import model

    released = _checked_then(desk)
    found: dict[str, list[Diagnostic]] = {}
    for name, use_case in files.items():
        if released.get(name) != use_case.digest:
            checked = validate_use_case(use_case, registry(), model, {desk.environment.name: desk.environment})
            errors = [d for d in checked.diagnostics if d.severity == "error"]
            if errors:
                found[name] = errors
    return found


def _place(wrong: Diagnostic) -> str:
    return f"{wrong.path}:{wrong.line}:{wrong.column}: {wrong.message}"


def _refuse(wrong: list[Diagnostic]) -> None:
    if wrong:
        first = wrong[0]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        hint = "`releaser validate` shows all problems with their lines"
        raise ReleaserError(f"{_place(first)}{more}", code=first.code, hint=hint)


def _checked_then(desk: Desk) -> dict[str, str]:
    """Use case -> the digest that was released under the environment as it is now."""
    released = {n: w.released.record for n, w in desk.witnesses().items() if w.released is not None}
    path = f"environments/{desk.environment.name}/environment.yaml"
    commits = sorted({r.judged_at for r in released.values()})
    then = desk.repo.git.objects([f"{c}:./{path}" for c in commits]) if commits else []
    now = desk.repo.reader_of(desk.commit if desk.from_commit else None).read(path)
    same = {c for c, found in zip(commits, then, strict=True) if found is not None and found[1] == now}
    return {n: r.release_digest for n, r in released.items() if r.judged_at in same}


def _concerns(diagnostic: Diagnostic, desk: Desk) -> bool:
    """A manifest that could not be read at all, among those that were asked for: all, or the named ones."""
    folder = diagnostic.path.split("/")
    return len(folder) > 1 and (desk.everything or folder[1] in desk.files)
