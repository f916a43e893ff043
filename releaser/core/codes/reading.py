"""P35x: notes and pages that people read."""

from __future__ import annotations

from releaser.core.diagnostic import Code

READING = (
    Code(
        "P350",
        "no record of this release",
        "The environment has no record of the use case, or of this release of it: it was never released there. "
        "`releaser history USE_CASE -e ENV` lists what was.",
    ),
    Code(
        "P351",
        "a record whose commit holds no such use case",
        "The commit that the record names has no readable manifest of the use case, so its content cannot be compared. "
        "`releaser audit verify` says whether the record or the history was changed.",
    ),
    Code(
        "P352",
        "the folder for the pages holds something else",
        "The pages are written whole, in place of those that an earlier run wrote. A folder that is not empty and is "
        "no site of ours, or in which somebody else put files, is left as it is: choose another folder, or move those "
        "files away.",
    ),
)
