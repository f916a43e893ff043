"""``releaser sources``: write a source manifest from what a bucket holds now. Reads only."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Annotated

import typer

from releaser.cli.options import Environment, Root, TargetName

_PLACE = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")


def sources(
    place: Annotated[str, typer.Argument(help="Where the documents are: s3://BUCKET/PREFIX.", show_default=False)],
    environment: Environment,
    file: Annotated[
        Path | None, typer.Option("--file", "-o", help="Write the source manifest here instead of to stdout.")
    ] = None,
    owner: Annotated[str, typer.Option("--owner", help="The account that must own the bucket.")] = "",
    target: TargetName = None,
    root: Root = None,
) -> None:
    """List the current objects under a prefix with their versions and digests, one JSON object a line.

    The digest that the manifest pins is said on stderr. Objects without a SHA-256 of their own in S3 are downloaded.

    Example: releaser sources s3://acme-data/policies/ -e dev -o manifests/claims/data/policies.sources.jsonl
    """
    from releaser import wiring
    from releaser.core.errors import ReleaserError, WrongUsage
    from releaser.core.sources import written
    from releaser.engine.buckets import Buckets

    found = _PLACE.fullmatch(place)
    if found is None:
        raise WrongUsage(f"{place[:100]!r} is no place in S3", hint="write it as s3://BUCKET/PREFIX")
    repo = wiring.repository(root)
    chosen = wiring.choose_environment(wiring.environments(repo.on_disk()), environment)
    at = wiring.choose_target(chosen, target)
    connection = wiring.connection(chosen, at, repo.environ, read_only=True)
    buckets = Buckets(wiring.data_account(chosen, at, repo.environ, connection.aws))
    objects = buckets.sources(found[1], found[2] or "", owner)
    if not objects:
        raise ReleaserError(f"there is no object under {place}", code="P184", hint="look at the prefix and its case")
    text = written(objects)
    if file is None:
        typer.echo(text, nl=False)
    else:
        file.write_text(text, encoding="utf-8", newline="")
    typer.echo(f"{len(objects):,} objects, sha256: {hashlib.sha256(text.encode()).hexdigest()}", err=True)
