"""Which use cases a merge request touches: what is desired at its base and here, resolved for one environment.

Files say only where to look: a use case is resolved where a file of its own differs, or where the environment does.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from releaser import wiring
from releaser.core.affected import Affected, Resolved, affected, gone
from releaser.core.environment import Environment
from releaser.core.errors import WrongUsage
from releaser.core.pin import Pinned, Retire
from releaser.core.workspace import UseCaseFiles
from releaser.engine.compile import compile_all, placed
from releaser.kinds import registry
from releaser.store.pins import PinFile, load_pins, read_content, tags_named
from releaser.store.reader import Reader
from releaser.store.workspace import load_environments, load_use_case, manifest_names


def affected_by(repo: wiring.Repository, environment: str, base: str) -> Affected:
    """What the files here change in an environment, against a commit. Raises WrongUsage for an environment that is in
    neither."""
    start = base_commit(repo, base)
    before, after = _Side(repo, repo.at(start), environment), _Side(repo, repo.on_disk(), environment)
    if before.environment is None and after.environment is None:
        wiring.choose_environment(load_environments(after.reader, []), environment)
    same_rules = before.environment is not None and before.environment == after.environment
    touched = _touched(repo, start, environment) if same_rules else None
    was, now = before.resolved(touched), after.resolved(touched)
    head = "" if repo.dirty() else repo.git.head()
    return Affected(base=start, head=head, use_cases=affected(was, now), gone=gone(was, now))


def content_of_both(
    repo: wiring.Repository, environment: str, base: str, only: Collection[str]
) -> tuple[Mapping[str, UseCaseFiles], Mapping[str, UseCaseFiles]]:
    """What an environment is to have of use cases, at a commit and here; what cannot be read is left out."""
    sides = _Side(repo, repo.at(base_commit(repo, base)), environment), _Side(repo, repo.on_disk(), environment)
    before, after = (side.files(only) for side in sides)
    return before, after


def base_commit(repo: wiring.Repository, base: str) -> str:
    """The commit that is given (by GitLab too), or where the default branch was left. Raises WrongUsage."""
    if base:
        found = repo.git.resolve(f"{base}^{{commit}}") if not base.startswith("-") else None
        if found is None:
            hint = "fetch it (GIT_DEPTH: 0), or name another one with --base"
            raise WrongUsage(f"there is no commit {base[:100]} here", code="P106", hint=hint)
        return found
    branch = repo.environ.get("CI_DEFAULT_BRANCH") or "main"
    for name in (f"refs/remotes/{repo.git.remote() or 'origin'}/{branch}", f"refs/heads/{branch}"):
        tip = repo.git.resolve(name)
        if tip is not None:
            reply = repo.git.run("merge-base", tip, "HEAD", ok=(0, 1))
            found = reply.out.decode().strip()
            if found:
                return found
    raise WrongUsage(
        "it is not known what this is to be compared with", code="P106", hint="name a commit: --base COMMIT"
    )


def _touched(repo: wiring.Repository, base: str, environment: str) -> frozenset[str]:
    """Use cases with a file, or a pin, that differs from the base commit; also one that no commit holds yet."""
    reply = repo.git.run(
        "diff", "--name-only", "-z", "--no-renames", "--relative", base, "--", "manifests", "environments"
    )
    changed = [p.decode("utf-8", "surrogateescape") for p in reply.out.split(b"\0") if p]
    changed += repo.dirty()
    parts = [p.split("/") for p in changed]
    found = {p[1] for p in parts if len(p) > 2 and p[0] == "manifests"}
    pins = {
        p[3].removesuffix(".yaml") for p in parts if len(p) == 4 and p[:3] == ["environments", environment, "releases"]
    }
    return frozenset(found | pins)


@dataclass
class _Side:
    """One of the two states."""

    repo: wiring.Repository
    reader: Reader
    name: str

    @property
    def environment(self) -> Environment | None:
        file = load_environments(self.reader, []).get(self.name)
        return file.environment if file else None

    def resolved(self, only: Collection[str] | None) -> dict[str, Resolved]:
        """Use case -> what is desired of it here; ``only`` None: all."""
        environment = self.environment
        if environment is None:
            return {}
        files = self._files(environment, only)
        found = self._retired(environment, only)
        for target in environment.spec.targets:
            here = placed(files, target, ())
            named = wiring.unreleased(here)
            compiled = compile_all(here, environment, target, registry(), named)
            problems = {
                d.path.split("/")[1]: d.code for d in compiled.diagnostics if d.severity == "error" and "/" in d.path
            }
            for name, use_case in here.items():
                stamps = {str(n.address): n.stamp for n in compiled.graph.of(name)}
                found[name] = Resolved(use_case.digest, stamps, target.name, problems.get(name, ""))
        return found

    def files(self, only: Collection[str]) -> Mapping[str, UseCaseFiles]:
        environment = self.environment
        return self._files(environment, only) if environment is not None else {}

    def _files(self, environment: Environment, only: Collection[str] | None) -> Mapping[str, UseCaseFiles]:
        if environment.spec.track is None:
            wanted = [f for f in self._pins(environment, only) if isinstance(f.pin, Pinned)]
            content, _ = read_content(self.repo.git, wanted, tags_named(self.repo.git, wanted))
            return {n: c.files for n, c in content.items()}
        names = [n for n in manifest_names(self.reader) if only is None or n in only]
        loaded = {n: load_use_case(self.reader, n) for n in names}
        return {n: f for n, f in loaded.items() if isinstance(f, UseCaseFiles)}

    def _retired(self, environment: Environment, only: Collection[str] | None) -> dict[str, Resolved]:
        if environment.spec.track is not None:
            return {}
        return {f.pin.use_case: Resolved("retired") for f in self._pins(environment, only) if isinstance(f.pin, Retire)}

    def _pins(self, environment: Environment, only: Collection[str] | None) -> list[PinFile]:
        pins = load_pins(self.reader, environment.name, only or ())
        return [f for name, f in pins.files.items() if only is None or name in only]
