"""What ``audit verify`` looks at: this repository, its remote, and the account of an environment."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from releaser import wiring
from releaser.core.proof.sequence import Break

if TYPE_CHECKING:
    from releaser.core.environment import Environment, Target
    from releaser.core.verification import Proof

_UNASKED = "nobody asked its anchors"


def proof_of(root: Path | None, allowed: bytes | None, *, offline: bool) -> Proof:
    """The records of the repository, proven. ``allowed``: who may sign, when not the repository's own list."""
    from releaser.core.verification import Viewer
    from releaser.store.holder import holder_here
    from releaser.store.proving import prove
    from releaser.store.signatures import allowed_signers

    repo = wiring.repository(root)
    told = [] if offline else list(_asked(repo))
    if allowed is None:
        allowed = allowed_signers(repo.git, "HEAD")
    viewer = Viewer(holder_here(repo.environ), repo.clock.now(), allowed)
    proof = prove(repo.git, tips(repo), viewer)
    for problem, is_wrong in told:
        (proof.problems if is_wrong else proof.unproven).append(problem)
    for name, found in wiring.environments(repo.on_disk()).items():
        if found.environment is not None and found.environment.spec.anchor is not None:
            proof.unsure(_environment_file(name), f"{_UNASKED}: -e {name} does")
    return proof


def _environment_file(name: str) -> str:
    return f"environments/{name}/environment.yaml"


def tips(repo: wiring.Repository) -> dict[str, str]:
    """Where the branch of records is known to be, by ref."""
    from releaser.store.remote import RELEASES

    return repo.git.tips(RELEASES, *([repo.remote.tracking] if repo.remote else ()))


def _asked(repo: wiring.Repository) -> list[tuple[Break, bool]]:
    """What the remote says of its branch, fetched first; whether it is wrong."""
    from releaser.core.errors import ReleaserError
    from releaser.store.remote import HistoryRewritten

    try:
        if repo.remote is not None:
            repo.remote.sync()
    except HistoryRewritten as error:
        return [(Break("releases", str(error)), True)]
    except ReleaserError as error:
        return [(Break("releases", f"the remote was not asked: {error}"), False)]
    return []


def against_account(proof: Proof, root: Path | None, environment: str) -> None:
    """Compare what is live with the records, every resource read, in every target."""
    repo = wiring.repository(root)
    chosen = wiring.choose_environment(wiring.environments(repo.on_disk()), environment)
    for target in chosen.spec.targets:
        _against(proof, repo, chosen, target)
    _evidence(proof, repo, chosen)
    _anchors(proof, repo, chosen)
    proof.problems.sort()


def _against(proof: Proof, repo: wiring.Repository, environment: Environment, target: Target) -> None:
    from releaser.core.errors import advised
    from releaser.pipeline import work

    desk = work.desk(repo, environment.name, target.name, None, offline=True)
    planned, _ = work.make_plan(desk, deep=True, full=True)
    at = f"{environment.name} ({target.account})" if len(environment.spec.targets) > 1 else environment.name
    for part in planned.plan.use_cases:
        for problem in part.blocked:
            proof.wrong(f"{at}/{part.use_case}", advised(problem.message, problem.hint))
        for change in part.changes:
            if change.drift:
                fields = ", ".join(f.path for f in change.fields[:5]) or change.reason
                proof.wrong(f"{at}/{change.address}", f"the account has it otherwise than the record: {fields}")
        if part.steps and not any(c.drift for c in part.changes):
            proof.unsure(f"{at}/{part.use_case}", f"{len(part.steps)} steps that git asks for are not applied yet")
    proof.counts["resourcesRead"] = proof.counts.get("resourcesRead", 0) + planned.snapshot.read


def _evidence(proof: Proof, repo: wiring.Repository, environment: Environment) -> None:
    """Every piece of evidence of an environment that is kept in S3 and not erased, read whole."""
    from releaser.core.errors import ReleaserError, advised
    from releaser.core.proof.evidence import tombstone_of
    from releaser.core.proof.files import sha256
    from releaser.store.evidence import evidence_of, fetched

    ours = [(o, v) for o, v in evidence_of(proof.files) if o.entry.startswith(f"{environment.name}/")]
    away = [(one, v) for one, v in ours if not one.is_here and tombstone_of(one.path) not in proof.files]
    if not away:
        return
    aws = wiring.connection(environment, environment.spec.targets[0], repo.environ, read_only=True).aws
    for one, version in away:
        try:
            if sha256(fetched(aws, one, version)) != one.sha256:
                proof.wrong(one.uri, f"the evidence is not what {one.entry} names")
        except ReleaserError as error:
            proof.wrong(one.uri, f"the evidence that {one.entry} names cannot be read: {advised(error, error.hint)}")
    proof.counts["evidence"] = proof.counts.get("evidence", 0) + len(away)
    proof.unproven = [u for u in proof.unproven if not u.reason.endswith("-e ENV looks at them")]


def _anchors(proof: Proof, repo: wiring.Repository, environment: Environment) -> None:
    from releaser.pipeline.anchoring import compare
    from releaser.store.branch import ReleasesBranch

    if environment.spec.anchor is not None:
        asked = (_environment_file(environment.name), _UNASKED)
        proof.unproven = [u for u in proof.unproven if not (u.path == asked[0] and u.reason.startswith(asked[1]))]
        aws = wiring.connection(environment, environment.spec.targets[0], repo.environ, read_only=True).aws
        branch = ReleasesBranch(repo.git, repo.remote, repo.clock.now, repo.clock.sleep)
        compare(proof, environment, aws, branch, repo.clock.now())
