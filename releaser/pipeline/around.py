"""What evaluations of one use case share: the account, the clone, prices, and what is live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from releaser.core.errors import AwsError, ReleaserError
from releaser.core.record import Witness
from releaser.core.turns import live_bindings
from releaser.engine.candidate import Candidates
from releaser.gates.evaluation.prices import Prices, bundled, read_prices
from releaser.gates.evaluation.targets import Live
from releaser.kinds import registry
from releaser.pipeline.desk import Desk
from releaser.pipeline.subjects import Around

PRICES = "RELEASER_PRICES"


@contextmanager
def around(desk: Desk, witness: Witness | None, *, makes_aliases: bool) -> Iterator[Around]:
    """For one use case. Aliases that are made for it are gone afterwards."""
    kinds, driver, connection = registry(), desk.look.observer.driver, desk.look.connection
    released = witness.released if witness else None

    def body_of(kind: str, live: Live) -> Mapping[str, Any]:
        try:
            found = driver.read(kinds[kind], live.id, live.version or None)
        except AwsError as error:
            said = f"what is live cannot be read, and nothing is compared without it: {error}"
            raise ReleaserError(said, code=error.code, hint=error.hint) from None
        return found.body if found else {}

    with Candidates(driver, kinds, makes=makes_aliases) as candidates:
        yield Around(
            runtime=connection.runtime,
            aws=connection.aws,
            alias_of=lambda kind, live: candidates.alias_of(kinds[kind], live.id, live.version),
            check=lambda kind, live: candidates.check(kinds[kind], live.id, live.version, live.alias),
            body_of=body_of,
            objects=desk.repo.lfs_object,
            prices=prices(desk.repo.environ),
            live_release=released.record.release if released else "",
            live=live_bindings(witness),
            live_models=released.facts.models if released else {},
        )


def prices(environ: Mapping[str, str]) -> Prices:
    """The table that ``RELEASER_PRICES`` names, or the one that comes with this version. Raises ReleaserError."""
    path = environ.get(PRICES)
    if not path:
        return bundled()
    try:
        return read_prices(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        raise ReleaserError(
            f"{PRICES}={path}: {said}", code="P225", hint="see releaser/gates/evaluation/prices.json for its form"
        ) from None
