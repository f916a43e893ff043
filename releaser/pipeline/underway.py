"""What is on its way to its readers comes before what was merged or pinned since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from releaser.core.diagnostic import Diagnostic
from releaser.core.errors import AwsError, Failure
from releaser.core.record import is_older
from releaser.core.runtime_document import version_label
from releaser.core.workspace import UseCaseFiles
from releaser.engine.compile import ReleaseName
from releaser.kinds import registry
from releaser.pipeline import work

if TYPE_CHECKING:
    from releaser.core.record import Opened, Witness
    from releaser.pipeline.desk import Desk


def _is_running(desk: Desk, witness: Witness, opened: Opened) -> bool:
    """Whether a roll-out of a record goes on that was cut off before it could say so: the account tells."""
    label = version_label({"release": opened.release, "digest": f"sha256:{opened.release_digest}"})
    live = witness.released.bindings if witness.released else {}
    for address, binding in live.items():
        kind = registry().get(address.kind)
        if kind is None or kind.delivery is None:
            continue
        try:
            found = desk.look.observer.driver.deliverer.held(kind, binding.id)
        except AwsError as error:
            if error.failure is not Failure.NOT_FOUND:
                raise
            continue
        if found.get(kind.delivery.underway) == label:
            return True
    return False


def comes_first(desk: Desk, releases: Mapping[str, ReleaseName]) -> dict[str, ReleaseName]:
    """The releases of this run: a use case whose roll-out goes on is brought to its end, with that release's content
    from its own commit. The desk has it afterwards, and says which release waits."""
    from releaser.store.workspace import load_use_case

    found = dict(releases)
    for name, witness in sorted(desk.witnesses().items()):
        record = witness.open
        if record is None or name not in desk.files:
            continue
        opened = record.opened
        if desk.files[name].digest == opened.release_digest or is_older(found[name].name, opened.release):
            continue  # a way back waits for nothing
        if record.delivering is None and not _is_running(desk, witness, opened):
            continue
        files = load_use_case(desk.repo.at(opened.commit), name)
        if not isinstance(files, UseCaseFiles) or files.digest != opened.release_digest:
            continue  # of another time or tree: the run says that it cannot be continued
        waits = found[name].name
        desk.files[name] = files
        found[name] = ReleaseName(opened.release, opened.release_digest)
        said = f"{name} {opened.release} is on its way to its readers and comes first; {waits} comes with the next run"
        work.tell([Diagnostic("P364", said, f"manifests/{name}/manifest.yaml", severity="warning")])
    return found
