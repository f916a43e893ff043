"""What GitLab says of the changes that a run applies. Each question is asked once; what cannot be read is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice

from releaser.core.change_facts import Approval, ChangeFacts
from releaser.core.plan import UseCasePlan
from releaser.core.reviewed import Reviewed, marker, reviewed_in
from releaser.engine.ports import Clock
from releaser.gitlab.api import Api
from releaser.gitlab.approvals import Rule, approval_rules, approvals
from releaser.gitlab.connecting import connect
from releaser.gitlab.context import TOKEN, Context
from releaser.gitlab.deployments import deployment, deployments
from releaser.gitlab.errors import GitlabError
from releaser.gitlab.merge_requests import MergeRequest, merge_requests_of
from releaser.gitlab.notes import marked_note
from releaser.gitlab.users import User, members_of, who_am_i

_DEPLOYMENTS = 20
"""So many deployments to an environment are looked through for the one of this job."""


class Forge:
    """GitLab, as far as the job's token may ask it."""

    def __init__(self, context: Context, clock: Clock) -> None:
        self.context = context
        self.why = ""
        """Why something could not be read; empty when everything could."""
        self._api = connect(context, clock)
        self._me: User | None = None
        self._requests: dict[str, MergeRequest | None] = {}
        self._given: dict[int, tuple[Approval, ...] | None] = {}
        self._rules: dict[int, tuple[Rule, ...] | None] = {}
        self._groups: dict[str, tuple[str, ...] | None] = {}
        self._notes: dict[tuple[int, str], Reviewed | None] = {}
        if self._api is None or not self._api.can_write:
            self.why = f"{TOKEN} is not set"

    @property
    def _private(self) -> Api | None:
        """With more than a job's token: that may not read approvals, and is nobody's who writes comments."""
        return self._api if self._api is not None and self._api.can_write else None

    def request_of(self, commit: str) -> MergeRequest | None:
        """The merge request that brought a commit to the default branch."""
        if self._api is None or not commit:
            return None
        if commit not in self._requests:
            self._requests[commit] = None
            try:
                found = merge_requests_of(self._api, commit)
            except GitlabError as error:
                self._failed(error)
                return None
            target = self.context.default_branch
            merged = [m for m in found if m.state == "merged" and (not target or m.target_branch == target)]
            merged.sort(key=lambda m: (m.merge_commit == commit or m.head == commit, m.number))
            self._requests[commit] = merged[-1] if merged else None
        return self._requests[commit]

    def approvals_of(self, request: MergeRequest) -> tuple[Approval, ...] | None:
        """Who agreed to it; None where that could not be read."""
        if self._private is None:
            return None
        if request.number not in self._given:
            try:
                given = approvals(self._private, request.number).given
                self._given[request.number] = tuple(Approval(by=one.user.name, at=one.at) for one in given)
            except GitlabError as error:
                self._failed(error)
                self._given[request.number] = None
        return self._given[request.number]

    def owners_of(self, request: MergeRequest, section: str) -> tuple[str, ...] | None:
        """The owners by a section of CODEOWNERS; None where they could not be read, as on Free."""
        if self._private is None:
            return None
        if request.number not in self._rules:
            try:
                self._rules[request.number] = approval_rules(self._private, request.number)
            except GitlabError as error:
                self._failed(error)
                self._rules[request.number] = None
        wanted = section.casefold()
        rules = self._rules[request.number] or ()
        ours = [r for r in rules if r.type == "code_owner" and r.section.casefold() == wanted]
        return tuple(user.name for rule in ours for user in rule.eligible) if ours else None

    def members_of(self, group: str) -> tuple[str, ...] | None:
        """Who is in a group; None where that could not be read."""
        if self._private is None:
            return None
        if group not in self._groups:
            try:
                found = members_of(self._private, group)
                self._groups[group] = tuple(u.name for u in found if u.is_active) if found is not None else None
            except GitlabError as error:
                self._failed(error)
                self._groups[group] = None
        return self._groups[group]

    def reviewed_in(self, request: MergeRequest, environment: str) -> Reviewed | None:
        """What our own comment there showed; nobody else's counts."""
        if self._private is None:
            return None
        key = request.number, environment
        if key not in self._notes:
            self._notes[key] = None
            try:
                self._me = self._me or who_am_i(self._private)
                note = marked_note(self._private, request.number, marker(environment), self._me.id)
                self._notes[key] = reviewed_in(note.body, environment) if note else None
            except GitlabError as error:
                self._failed(error)
        return self._notes[key]

    def shown(
        self, parts: Iterable[UseCasePlan], environment: str, commits: Iterable[str], since: Mapping[str, str]
    ) -> dict[str, list[tuple[str, str]]]:
        """By use case what merge requests showed of it, newest first. ``commits``: of the branch, newest first;
        ``since``: of a use case, the commit that is live already."""
        wanted = {part.use_case: part.change_digest for part in parts}
        found: dict[str, list[tuple[str, str]]] = {name: [] for name in wanted}
        for commit in commits:
            wanted = {name: digest for name, digest in wanted.items() if since.get(name) != commit}
            if not wanted:
                break
            request = self.request_of(commit)
            reviewed = self.reviewed_in(request, environment) if request else None
            for name, digest in list(wanted.items()):
                if request is None or reviewed is None or name not in reviewed.digests:
                    continue
                found[name].append((f"!{request.number}", reviewed.digests[name]))
                if reviewed.digests[name] == digest:
                    del wanted[name]
        return found

    def deployment_approvals(self) -> tuple[Approval, ...]:
        """Who agreed to the deployment that this job is."""
        context = self.context
        if self._api is None or not (context.environment and context.job):
            return ()
        try:
            listed = islice(deployments(self._api, context.environment), _DEPLOYMENTS)
            ours = next((d for d in listed if d.job == context.job), None)
            said = deployment(self._api, ours.id).agreements if ours else ()
        except GitlabError as error:
            self._failed(error)
            return ()
        return tuple(Approval(by=a.user.name, at=a.at) for a in said if a.status == "approved")

    def told(self, facts: ChangeFacts) -> tuple[ChangeFacts, MergeRequest | None]:
        """The facts as GitLab tells them, where it does; its word wins over what a commit's message says."""
        request = self.request_of(facts.merge_commit)
        if request is None:
            return facts, None
        given = self.approvals_of(request)
        told = replace(
            facts,
            merge_request=f"{self.context.project_path}!{request.number}",
            link=request.url,
            merged_at=request.merged or facts.merged_at,
            author=request.author.name if request.author else facts.author,
            approvers=facts.approvers if given is None else given,
            told_by="gitlab",
        )
        return told, request

    def _failed(self, error: GitlabError) -> None:
        self.why = self.why or f"{error.code}: {error}"
        if error.status in (0, 401) or error.status >= 500:
            self._api = None  # away, or no friend of ours: what is asked next would wait as long, and fail as well
