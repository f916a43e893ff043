"""P34x: looking back at what was released, and handing it over."""

from __future__ import annotations

from releaser.core.diagnostic import Code

AUDIT = (
    Code(
        "P340",
        "a tag that holds no such use case",
        "The commit of the release tag has no readable manifest of the use case. Release tags are cut by releaser "
        "alone and are protected: one that was made by hand or moved is no release.",
    ),
    Code(
        "P341",
        "content that is not what the tag names",
        "The digest computed from the manifest and the files at the tag's commit is another than the Release-Digest in "
        "the tag's message. `releaser audit verify` names every such place.",
    ),
    Code(
        "P342", "no such release", "No tag `<use-case>/<release>` is known here. A shallow clone may lack tags: fetch."
    ),
    Code("P343", "a release of several use cases", "Numbers count for each use case: name the one that is meant."),
    Code(
        "P344",
        "an account that the environment no longer names",
        "The record says into which account and region it was released, and no target of the environment is that one. "
        "What is live there can only be read with a target that names it.",
    ),
    Code(
        "P345",
        "a file that no bundle can hold",
        "Members of a bundle have plain relative names and at most 256 MB, so that unpacking one can harm nobody.",
    ),
    Code("P346", "a period that ends before it begins", "--from is the first day of the period, --to the last one."),
    Code(
        "P347",
        "nothing to export",
        "By the end of the period the branch of records had nothing of that name. A clone that never fetched the "
        "branch has none at all.",
    ),
    Code(
        "P348",
        "mappings that cannot be read",
        "A file of mappings is JSON of the format releaser.mappings/v1: groups of record fields, and for each "
        "framework the words that they are looked at for. The one that is shipped stands in every index.json.",
    ),
    Code(
        "P349",
        "no bundle, or one that could harm",
        "It is no zip file, or has members with names that lead elsewhere, links, names that stand twice, or sizes "
        "that no bundle has. Nothing of it was unpacked.",
    ),
)
