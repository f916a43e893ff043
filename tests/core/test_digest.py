"""The release digest: expensive to change, hence golden."""

from __future__ import annotations

import hashlib
import json

from releaser.core.digest import release_digest

MANIFEST = {"kind": "UseCase", "spec": {"b": 1.0, "a": ["é", None, True]}}
FILES = {"prompts/answer.md": "0" * 64, "data/golden.jsonl": "1" * 64}
GOLDEN = "735af2cbba7503edead7f3f96b04aa552f01e4429aa31cba132d6cd6cbe5b311"


def test_golden() -> None:
    assert release_digest(MANIFEST, FILES) == GOLDEN


def test_an_auditor_can_compute_it() -> None:
    whole = {
        "scheme": "releaser.release/1",
        "manifest": {**MANIFEST, "spec": {"b": 1, "a": ["é", None, True]}},
        "files": FILES,
    }
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(text.encode()).hexdigest() == release_digest(MANIFEST, FILES)


def test_order_does_not_matter_content_does() -> None:
    turned = {"spec": {"a": ["é", None, True], "b": 1}, "kind": "UseCase"}
    assert release_digest(turned, dict(reversed(FILES.items()))) == GOLDEN
    assert release_digest({**MANIFEST, "kind": "X"}, FILES) != GOLDEN
    assert release_digest(MANIFEST, {**FILES, "prompts/answer.md": "2" * 64}) != GOLDEN
    assert release_digest(MANIFEST, {}) != GOLDEN
