"""The notes of a release that is in git: between two tags, or as the records of an environment have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from releaser.core.account_notes import happened_in, released_before
from releaser.core.environment import duration
from releaser.core.errors import ReleaserError, WrongUsage
from releaser.core.going_back import going_back
from releaser.core.notes import Notes, release_notes
from releaser.core.release_content import ReleaseContent
from releaser.core.way_back import way_back
from releaser.core.workspace import UseCaseFiles
from releaser.kinds import registry
from releaser.pipeline.tag_content import choose, content_at

if TYPE_CHECKING:
    from releaser.core.timeline import Account
    from releaser.core.way_back import WayBack
    from releaser.store.tags import ReleaseTag
    from releaser.wiring import Repository


def at_tags(repo: Repository, use_case: str, release: str | None, against: str | None) -> Notes:
    """Content against content. Raises WrongUsage for a use case or release that is none."""
    tags = repo.tags.known()
    choose(tags, [], use_case)
    wanted = choose(tags, [release or tags[use_case][0].release], use_case)[0]
    before = choose(tags, [against], use_case)[0] if against else _older(tags[use_case], wanted)
    return release_notes(
        content_at(repo, before) if before else None,
        content_at(repo, wanted),
        kinds=registry(),
        history=_history(tags, use_case, wanted.number),
    )


def _older(tags: Sequence[ReleaseTag], than: ReleaseTag) -> ReleaseTag | None:
    return next((t for t in tags if t.number < than.number and t.digest), None)


def _history(tags: Mapping[str, Sequence[ReleaseTag]], use_case: str, before: int) -> dict[str, str]:
    return {t.release: t.digest for t in tags.get(use_case, ()) if t.number < before}


def in_record(repo: Repository, use_case: str, environment: str, release: str | None, against: str | None) -> Notes:
    """What the records of an environment have. Raises WrongUsage where they have nothing of it."""
    from releaser.pipeline.recorded import records_of, refuse_unknown

    records = records_of(repo)
    accounts = records.history(use_case, environment)
    if not accounts:
        refuse_unknown(records, repo.root, use_case, environment)
    account = _account(accounts, use_case, environment, release)
    before = _account(accounts, use_case, environment, against) if against else released_before(account, accounts)
    tags = repo.tags.known()
    return release_notes(
        _content(repo, before) if before else None,
        _content(repo, account),
        kinds=registry(),
        history={r: d for r, d in _history(tags, use_case, 1 << 40).items() if r != account.opened.release},
        happened=happened_in(account, before, _back(repo, account, accounts)),
    )


def _account(accounts: Sequence[Account], use_case: str, environment: str, release: str | None) -> Account:
    """The newest record of a release, one that released it before others; without a name the newest released one."""
    meant = [a for a in accounts if release is None or a.opened.release == release]
    if not meant:
        known = list(dict.fromkeys(a.opened.release for a in accounts))
        what = f"{use_case} {release}" if release else use_case
        hint = f"the newest there are {', '.join(known[:5])}" if known else "`releaser history` lists what there is"
        raise WrongUsage(f"no record of {what} in {environment}", code="P350", hint=hint)
    return next((a for a in meant if a.outcome == "released"), meant[0])


def _content(repo: Repository, account: Account) -> ReleaseContent:
    """The content that a record names, from its commit."""
    from releaser.engine.contents import content_as_written
    from releaser.store.workspace import load_use_case

    opened = account.opened
    found = load_use_case(repo.at(opened.commit), opened.use_case)
    if not isinstance(found, UseCaseFiles):
        raise ReleaserError(
            f"the commit {opened.commit[:12]} of the record {opened.ref.folder} holds no readable manifest of "
            f"{opened.use_case}: {found[0].message}",
            code="P351",
            hint="`releaser audit verify` says whether the record was changed",
        )
    return content_as_written(found, opened.release)


def _back(repo: Repository, account: Account, accounts: Sequence[Account]) -> WayBack | None:
    """Where one would go back to from what is live; of what is live no more, nothing."""
    opened = account.opened
    found = going_back(accounts, opened.environment, opened.use_case)
    target = found.target if found and found.taken.opened.id == opened.id else None
    if target is None or target.closed is None or account.closed is None:
        return None
    return way_back(account.closed, target.closed, repo.clock.now(), _window(repo, opened.environment))


def _window(repo: Repository, environment: str) -> timedelta:
    """The environment's rollback window, as the working tree has it."""
    from releaser.core.environment import EnvironmentSpec
    from releaser.wiring import environments

    found = environments(repo.on_disk()).get(environment)
    declared = found.environment if found else None
    default = str(EnvironmentSpec.model_fields["rollbackWindow"].default)
    return duration(declared.spec.rollbackWindow if declared else default)
