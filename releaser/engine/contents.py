"""The content of a release as it is written: for comparing releases with each other, in no environment."""

from __future__ import annotations

from releaser.core.errors import ReleaserError
from releaser.core.model_ids import uses
from releaser.core.release_content import ReleaseContent, content_of
from releaser.core.workspace import UseCaseFiles
from releaser.engine.compile import ReleaseName, compile_as_written
from releaser.kinds import registry
from releaser.kinds.models import model

_REGION = "us-east-1"


def content_as_written(files: UseCaseFiles, release: str) -> ReleaseContent:
    """What a use case's files ask for, bindings by name. Raises ReleaserError for what no longer compiles."""
    name = files.name
    compiled = compile_as_written({name: files}, registry(), {name: ReleaseName(release, files.digest)})
    view = compiled.views.get(name)
    if view is None:
        first = compiled.diagnostics[0]
        raise ReleaserError(f"{name} {release}: {first.message}", code=first.code, hint=first.hint)
    nodes = compiled.graph.of(name)
    found = uses(nodes, view.section("models"), _REGION, registry(), model)
    return content_of(name, release, files.digest, files.spec, nodes, files.digests, found)
