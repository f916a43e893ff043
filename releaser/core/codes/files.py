"""E1xx: what YAML itself forbids, and what we forbid in YAML."""

from __future__ import annotations

from releaser.core.diagnostic import Code

YAML = (
    Code(
        "E101",
        "not valid YAML",
        "The parser could not read the file. Most often a text that contains `: ` or begins with a special "
        "character needs quotes, or a bracket is not closed. Nothing else in the file was checked.",
        "description: Answers: short ones   # quote it",
    ),
    Code(
        "E102",
        "a key stands twice",
        "YAML parsers that accept this keep one of the two silently. Which one was meant only its author knows.",
        "spec:\n  models: {...}\n  models: {...}",
    ),
    Code("E103", "not UTF-8", "Manifests and environments are UTF-8, without exception.", "saved as Latin-1"),
    Code(
        "E104",
        "the file is too large",
        "A manifest or environment may have 1 MiB. Long texts belong into files that the manifest names.",
    ),
    Code(
        "E105",
        "nested too deeply",
        "More than 64 levels, or an alias that contains itself: no document of ours needs that, and parsers "
        "can be brought down with it.",
        "a: &a [*a]",
    ),
    Code(
        "E106",
        "the file expands too far",
        "The file holds, or its aliases expand to, more than 50,000 values.",
        "b: [*a, *a, *a, *a]   # and so on, nine times over",
    ),
    Code(
        "E107",
        "a tag is not allowed",
        "Tags such as !!python or !Ref ask for something other than plain data. Bindings and references are "
        "written ${env.NAME} and ${kind/name.output}.",
        "kmsKeyId: !Ref Key",
    ),
    Code("E108", "more than one document", "One file, one document: remove the `---` between them."),
    Code(
        "E109",
        "a key is not a text",
        "Numbers, booleans, empty keys and lists cannot be keys. Quote the key if the text was meant.",
        'labels: {4711: x}   # write "4711"',
    ),
    Code("E110", "a tab is used for indentation", "YAML indents with spaces only."),
    Code("E111", "an alias without an anchor", "`*name` repeats what `&name` marked above; nothing did."),
    Code(
        "E112",
        "a control character",
        "Control characters and the line separators of old YAML versions are refused: they are invisible, and "
        "parsers disagree about them. Write them as an escape in double quotes.",
    ),
    Code(
        "E113", "a number out of range", "Infinite, not a number, or beyond 64 bits: JSON and AWS have no such number."
    ),
    Code("E114", "a merge key", "`<<` is not part of YAML 1.2. Write the keys out, or use an alias for a whole value."),
    Code("E115", "no mapping", "The file is empty, or a list or text, where a mapping of keys to values is needed."),
)
