"""What is on its way to its readers comes before what was merged or pinned since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from releaser.core.diagnostic import Diagnostic
from releaser.core.record import is_older
from releaser.core.workspace import UseCaseFiles
from releaser.engine.compile import ReleaseName
from releaser.pipeline import work

if TYPE_CHECKING:
    from releaser.pipeline.desk import Desk


def comes_first(desk: Desk, releases: Mapping[str, ReleaseName]) -> dict[str, ReleaseName]:
    """The releases of this run: a use case whose roll-out goes on is brought to its end, with that release's content
    from its own commit. The desk has it afterwards, and says which release waits."""
    from releaser.store.workspace import load_use_case

    found = dict(releases)
    for name, witness in sorted(desk.witnesses().items()):
        record = witness.open
        if record is None or record.delivering is None or name not in desk.files:
            continue
        opened = record.opened
        if desk.files[name].digest == opened.release_digest or is_older(found[name].name, opened.release):
            continue  # a way back waits for nothing
        files = load_use_case(desk.repo.at(opened.commit), name)
        if not isinstance(files, UseCaseFiles) or files.digest != opened.release_digest:
            continue  # of another time or tree: the run says that it cannot be continued
        waits = found[name].name
        desk.files[name] = files
        found[name] = ReleaseName(opened.release, opened.release_digest)
        said = f"{name} {opened.release} is on its way to its readers and comes first; {waits} comes with the next run"
        work.tell([Diagnostic("P364", said, f"manifests/{name}/manifest.yaml", severity="warning")])
    return found
