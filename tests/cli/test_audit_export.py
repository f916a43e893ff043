"""A bundle proves itself: what verify.py says of one that is whole, and of one that was touched anywhere."""

from __future__ import annotations

import ast
import io
import json
import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
from typer.testing import CliRunner
from world import manifest, repository
from world.repository import LETTER, Repository

from releaser.cli.audit_export import export
from releaser.core.anchor import anchor_of
from releaser.core.errors import ReleaserError, WrongUsage
from releaser.core.evidence_ref import EvidenceRef
from releaser.core.proof.anchors import SIGNED_ANCHOR
from releaser.core.proof.bundle import LISTING, prove
from releaser.core.proof.evidence import NamedEvidence, evidence_path
from releaser.core.proof.files import pretty, sha256
from releaser.core.record import Conclusion, Facts, Holder, Intent, Outcome
from releaser.render.audit_schemas import index_schema
from releaser.store.bundle_check import manifest_problems, prove_bundle
from releaser.store.evidence import erase
from releaser.store.git import Git
from releaser.store.handed.joined import verify_source
from releaser.store.reader import DiskReader
from releaser.store.records import Records
from releaser.store.tags import Cut, Tags
from releaser.store.workspace import load_use_case

app = typer.Typer()
app.command()(export)
runner = CliRunner()
START = datetime(2026, 1, 5, 9, tzinfo=UTC)
SECRET = "The secret sauce of the letters."
FLIPS = 25 if os.environ.get("RELEASER_LAWS") == "full" else 1
PERIOD = ("--from", "2026-01-01", "--to", "2026-12-31")


class World:
    """mail, whose data is internal, and letters, whose data is confidential: cut, recorded in dev and prod."""

    def __init__(self, folder: Path) -> None:
        self.repo = repository.create(folder)
        self.time = START
        self.git = Git.open(self.repo.root, self.repo.env)
        self.records = Records(self.git, holder=Holder(kind="laptop", name="ana@desk"), clock=self, remote=None)
        self.repo.environment("dev", "111111111111")
        for model, words in ((manifest.SONNET, "three"), (manifest.HAIKU, "two")):
            self.repo.declare(manifest.use_case(model=model), {"answer": LETTER.replace("three", words)})
            self.repo.declare(confidential("letters", model), {"answer": f"{SECRET}\n{LETTER}{words}"})
            commit = self.repo.commit()
            for name in ("mail", "letters"):
                self.cut(name, commit)
            for environment in ("dev", "prod"):
                for name in ("mail", "letters"):
                    self.record(environment, name, Outcome.RELEASED)
        self.record("dev", "mail", Outcome.FAILED)
        self.record("prod", "letters", Outcome.RETIRED)

    def now(self) -> datetime:
        return self.time

    def cut(self, name: str, commit: str) -> None:
        digest = load_use_case(DiskReader(self.repo.root), name).digest  # type: ignore[union-attr]
        Tags(self.git, None, self.now).cut([Cut(name, digest, "", commit)])

    def record(self, environment: str, name: str, outcome: Outcome) -> None:
        tag = Tags(self.git, None, self.now).known()[name][0]
        classification = "confidential" if name == "letters" else "internal"
        intent = Intent(
            use_case=name,
            environment=environment,
            account="111111111111",
            region="eu-central-1",
            release=tag.release,
            release_digest=tag.digest,
            commit=tag.commit,
            tree=self.git.resolve(f"{tag.commit}^{{tree}}") or "",
            tag=tag.object_id,
            plan_digest="e" * 64,
            change_digest="f" * 64,
            steps=(),
            previous_release="",
            tool_version="0.1.0",
            actor="=HYPERLINK(1)<script>alert(1)</script>",
            trigger="laptop",
            dirty=False,
        )
        self.time += timedelta(days=7)
        opened = self.records.open([intent]).opened[name]
        facts = Facts(governance={"dataClassification": classification})
        raw = f"what {name} answered in {environment}\n".encode()
        path = evidence_path(opened.ref.folder, sha256(raw), "quality.jsonl")
        evidence = {"quality.jsonl": EvidenceRef(uri=path, sha256=sha256(raw), size=len(raw))}
        kept = evidence if outcome is Outcome.RELEASED else {}
        away = {"raw.jsonl": EvidenceRef(uri="s3://acme-evidence/raw.jsonl", sha256="7" * 64, size=7, version_id="v1")}
        named = kept or (away if outcome is Outcome.FAILED else {})
        conclusion = Conclusion(outcome=outcome, duration_ms=1, verified=bool(kept), facts=facts, evidence=named)
        self.time += timedelta(minutes=5)
        self.records.close([(opened, conclusion, f"# {name} {tag.release}\n")])
        if kept:
            self.records.branch.append(lambda _: {path: raw}, "evidence")
        if outcome is Outcome.FAILED:
            one = NamedEvidence(f"{opened.ref.folder}/closed.json", "raw.jsonl", away["raw.jsonl"].uri, "7" * 64, 7)
            erase(self.records.branch, one, by="ana", why="a person asked", at=self.time)
        if kept and tag.release == "r2":
            one = NamedEvidence(f"{opened.ref.folder}/closed.json", "quality.jsonl", path, sha256(raw), len(raw))
            erase(self.records.branch, one, by="ana", why="a person asked", at=self.time)


def confidential(name: str, model: str) -> dict[str, object]:
    document = manifest.use_case(name, model=model)
    document["spec"]["governance"] = {
        "riskTier": "high",
        "dataClassification": "confidential",
        "intendedUse": "Clerks see it.",
        "documents": {"dpia": "docs/dpia.md"},
    }
    return document


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("audit")
    place = folder / "work/manifests/letters/docs"
    place.mkdir(parents=True)
    (place / "dpia.md").write_text("# Assessment\n")
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(("GIT_", "CI_", "GITLAB_", "RELEASER_", "AWS_")):
                patch.delenv(name)
        for name, value in repository.git_environment(folder).items():
            patch.setenv(name, value)
        yield World(folder)


def make(repo: Repository, out: Path, *args: str) -> Path:
    done = runner.invoke(app, [*PERIOD, "--out", str(out), *args, "--root", str(repo.root)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return out


@pytest.fixture(scope="module")
def bundle(world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(world.repo, tmp_path_factory.mktemp("out") / "all.zip")


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as found:
        return {name: found.read(name) for name in found.namelist()}


def packed(path: Path, found: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        for name, raw in found.items():
            out.writestr(zipfile.ZipInfo(name), raw)
    return path


@cache
def verifier(folder: Path) -> Path:
    place = folder / "verify.py"
    place.write_text(verify_source())
    return place


def verify(path: Path, *args: str) -> tuple[int, str]:
    """The handed-over verifier, alone: no site-packages, nothing of ours on the path."""
    script = verifier(path.parent)
    command = [sys.executable, "-I", "-S", str(script), str(path), *args]
    done = subprocess.run(command, capture_output=True, text=True, cwd="/", env={"PATH": os.environ["PATH"]})
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_whole_bundle_holds(bundle: Path, tmp_path: Path) -> None:
    code, said = verify(bundle)
    assert (code, said.splitlines()[-1]) == (0, "everything holds"), said
    found = members(bundle)
    proof = prove(found)
    assert proof.counts["records"] == 10 and proof.counts["contents"] == 4 and proof.counts["sequences"] == 4
    assert f"bundle digest: sha256:{sha256(found[LISTING])}" in said
    with zipfile.ZipFile(bundle) as unpacked:
        unpacked.extractall(tmp_path / "here")
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "here/verify.py")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout
    assert (tmp_path / "here/verify.py").read_text() == verify_source()


def test_a_manifest_that_says_something_else_than_its_digest(bundle: Path, tmp_path: Path) -> None:
    """What only a reader of YAML can see: a tag that was made for other data than its commit holds."""
    assert not prove_bundle(bundle, None)[0].breaks
    found = members(bundle)
    name = "contents/mail/r1/files/manifest.yaml"
    found[name] = found[name].replace(b"Answers letters.", b"Answers nobody. ")
    problems = list(manifest_problems(found))
    assert [p.path for p in problems] == [name]
    with pytest.raises(ReleaserError) as caught:
        prove_bundle(packed(tmp_path / "x.zip", {"a/../b": b""}), None)
    assert caught.value.code == "P349"


def test_the_same_input_gives_the_same_bytes(world: World, bundle: Path, tmp_path: Path) -> None:
    assert make(world.repo, tmp_path / "again.zip").read_bytes() == bundle.read_bytes()
    assert not list(tmp_path.glob(".*"))


KINDS = (
    "opened.json",
    "closed.json",
    "notes.md",
    "-quality.jsonl",
    ".erased.json",
    ".tag",
    "release.json",
    "manifest.yaml",
    "answer.md",
    ".commit",
    ".tree",
    "branch/commits",
    "branch/changes.json",
    "branch/digests.json",
    ".cdx.json",
    "index.html",
    "index.csv",
    "index.json",
    "verify.py",
    LISTING,
)


@pytest.mark.parametrize("kind", KINDS)
def test_one_byte_anywhere_is_named(bundle: Path, tmp_path: Path, kind: str) -> None:
    found = members(bundle)
    chance = random.Random(kind)
    name = chance.choice(sorted(n for n in found if n.endswith(kind)))
    raw = bytearray(found[name])
    raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
    code, said = verify(packed(tmp_path / "b.zip", {**found, name: bytes(raw)}))
    assert code == 1, said
    assert kind == LISTING or any(line.startswith(name) for line in said.splitlines()), said


def relisted(found: dict[str, bytes]) -> dict[str, bytes]:
    """As somebody would who rewrites the list of members too: the deeper proofs must see it."""
    listing = json.loads(found[LISTING])
    listing["members"] = {n: {"sha256": sha256(r), "size": len(r)} for n, r in found.items() if n != LISTING}
    return {**found, LISTING: pretty(listing)}


DEEP = [k for k in KINDS if k not in (".cdx.json", "index.html", "index.csv", "index.json", "verify.py", LISTING)]
"""What is proven by more than the list of members."""


@pytest.mark.parametrize("kind", DEEP)
def test_a_rewritten_list_hides_no_byte(bundle: Path, kind: str) -> None:
    found = members(bundle)
    for name in sorted(n for n in found if n.endswith(kind)):
        for at in random.Random(name).sample(range(len(found[name])), min(FLIPS, len(found[name]))):
            raw = bytearray(found[name])
            raw[at] ^= 0x01
            proof = prove(relisted({**found, name: bytes(raw)}))
            assert proof.breaks, f"{name} at {at}"


WEIRD = [None, 0, "", [], {}, "x", -1, True, [[]], {"a": {}}, "\ud800", "../..", 10**30, 1.5]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield (*at, key)
        yield from places(item, (*at, key))


def test_no_document_makes_it_stumble_or_be_silent(bundle: Path) -> None:
    found, chance = members(bundle), random.Random(5)
    documents = sorted(n for n in found if n.endswith(".json") and not n.startswith("index"))
    proven = [n for n in documents if not n.startswith("boms/")]
    for _ in range(1000 if FLIPS > 1 else 40):
        name = chance.choice(proven)
        data = json.loads(found[name])
        *way, last = chance.choice(list(places(data)))
        holder, weird = data, chance.choice(WEIRD)
        for key in way:
            holder = holder[key]
        if holder[last] == weird:
            continue
        holder[last] = weird
        changed = {**found, name: (json.dumps(data, indent=2, sort_keys=True) + "\n").encode()}
        assert prove(changed if name == LISTING else relisted(changed)).breaks, (name, way, last, weird)


def test_every_dropped_member_is_named(bundle: Path) -> None:
    found = members(bundle)
    for name in found:
        proof = prove({k: v for k, v in found.items() if k != name})
        assert name in {b.path for b in proof.breaks}
    for name in sorted(set(found) - {LISTING}):
        rest = relisted({k: v for k, v in found.items() if k != name})
        if name.startswith(("records/", "tags/", "branch/")) or "/files/" in name:
            assert prove(rest).breaks, name


def test_the_newest_entry_cannot_be_dropped_with_its_list(bundle: Path) -> None:
    found = members(bundle)
    last = "records/dev/mail/0003-r2/"
    proof = prove(relisted({k: v for k, v in found.items() if not k.startswith(last)}))
    assert f"{last}closed.json" in {b.path for b in proof.breaks}


def swapped(found: dict[str, bytes]) -> dict[str, bytes]:
    one, other = "records/dev/mail/0001-r1/closed.json", "records/dev/mail/0002-r2/closed.json"
    return {**found, one: found[other], other: found[one]}


def added(found: dict[str, bytes]) -> dict[str, bytes]:
    return {**found, "records/dev/mail/0004-r9/opened.json": found["records/dev/mail/0001-r1/opened.json"]}


@pytest.mark.parametrize(
    ("attack", "place"),
    [(swapped, "records/dev/mail/0001-r1/closed.json"), (added, "records/dev/mail/0004-r9/opened.json")],
)
def test_swapped_and_added_records_are_named(
    bundle: Path, tmp_path: Path, attack: Callable[[dict[str, bytes]], dict[str, bytes]], place: str
) -> None:
    code, said = verify(packed(tmp_path / "b.zip", relisted(attack(members(bundle)))))
    assert code == 1 and any(line.startswith(place) for line in said.splitlines()), said


def test_a_truncated_file_is_no_bundle(bundle: Path, tmp_path: Path) -> None:
    raw = bundle.read_bytes()
    for size in (0, 100, len(raw) // 2, len(raw) - 5):
        (tmp_path / "cut.zip").write_bytes(raw[:size])
        code, said = verify(tmp_path / "cut.zip")
        assert code == 2 and said.startswith("refused: "), said


def test_a_byte_of_the_file_itself(bundle: Path, tmp_path: Path) -> None:
    """Wherever it is: named, refused, or without effect on any member."""
    raw, whole = bundle.read_bytes(), members(bundle)
    for at in random.Random(1).sample(range(len(raw)), 6):
        flipped = bytearray(raw)
        flipped[at] ^= 0x10
        (tmp_path / "b.zip").write_bytes(flipped)
        code, said = verify(tmp_path / "b.zip")
        assert code in (1, 2) or members(tmp_path / "b.zip") == whole, said


def hostile() -> Iterator[tuple[str, bytes]]:
    def made(name: str, raw: bytes = b"x", mode: int = 0o100644, twice: bool = False) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as bundle:
            info = zipfile.ZipInfo(name)
            info.filename = name
            info.external_attr = mode << 16
            bundle.writestr(info, raw)
            if twice:
                bundle.writestr(info, raw)
        return out.getvalue()

    yield "slip", made("../../etc/passwd")
    yield "absolute", made("/etc/passwd")
    yield "drive", made("C:/evil")
    yield "backslash", made("a\\..\\b")
    yield "control", made("a\x1b[2J")
    yield "link", made("records/link", b"/etc/passwd", 0o120777)
    huge = made("records/huge")
    yield "huge", huge.replace((1).to_bytes(4, "little") * 2, (0x7FFFFFFF).to_bytes(4, "little") * 2)


@pytest.mark.parametrize(("name", "raw"), list(hostile()), ids=lambda v: v if isinstance(v, str) else "")
def test_hostile_members_are_refused_unread(tmp_path: Path, name: str, raw: bytes) -> None:
    path = tmp_path / "b.zip"
    path.write_bytes(raw)
    code, said = verify(path)
    assert code == 2 and said.startswith("refused: ") and "\x1b" not in said, said


def test_a_name_that_is_there_twice(tmp_path: Path) -> None:
    with pytest.warns(UserWarning), zipfile.ZipFile(tmp_path / "b.zip", "w") as out:
        out.writestr("a", b"1")
        out.writestr("a", b"2")
    assert verify(tmp_path / "b.zip")[0] == 2


def test_confidential_texts_stay_behind_by_digest(world: World, bundle: Path, tmp_path: Path) -> None:
    everything = b"".join(members(bundle).values())
    assert SECRET.encode() not in everything
    assert "contents/letters/r2/files/docs/dpia.md" in members(bundle)
    told = json.loads(members(bundle)[LISTING])["withheld"]
    prompts = {f"contents/letters/r{n}/files/prompts/answer.md" for n in (1, 2)}
    answers = {name for name in told if name.startswith("records/")}
    assert set(told) == prompts | answers and len(answers) == 2
    assert all("/letters/" in name for name in answers) and "by digest only: 4 members" in verify(bundle)[1]
    full = make(world.repo, tmp_path / "full.zip", "--with-content")
    assert SECRET.encode() in members(full)["contents/letters/r1/files/prompts/answer.md"]
    assert verify(full)[0] == 0


def test_the_period_chooses_contents_and_the_chain_stays_whole(world: World, tmp_path: Path) -> None:
    out = tmp_path / "one.zip"
    day = (START + timedelta(days=21)).date()
    args = ["--from", str(day), "--to", str(day), "--out", str(out), "-e", "prod", "mail"]
    assert runner.invoke(app, [*args, "--root", str(world.repo.root)], catch_exceptions=False).exit_code == 0
    found = members(out)
    assert {n.split("/")[1] for n in found if n.startswith("records/")} == {"prod"}
    assert [r["record"] for r in json.loads(found["index.json"])["records"]] == ["records/prod/mail/0001-r1/"]
    assert "tags/mail/r1.tag" in found and "tags/mail/r2.tag" not in found
    assert verify(out)[0] == 0


def test_hostile_text_is_text(bundle: Path) -> None:
    found = members(bundle)
    jsonschema.Draft202012Validator(index_schema()).validate(json.loads(found["index.json"]))
    page = found["index.html"].decode()
    assert "<script" not in page and "&lt;script&gt;alert(1)" in page
    rows = found["index.csv"].decode().splitlines()
    assert all(",=HYPERLINK" not in row for row in rows) and "'=HYPERLINK" in rows[1]
    assert "default-src 'none'" in page and "http" not in page.replace("http-equiv", "")


def test_what_is_asked_for_must_be_there(world: World, tmp_path: Path) -> None:
    def call(*args: str) -> None:
        words = [*args, "--out", str(tmp_path / "x.zip"), "--root", str(world.repo.root)]
        runner.invoke(app, words, catch_exceptions=False)

    with pytest.raises(WrongUsage, match="ends before"):
        call("--from", "2026-03-01", "--to", "2026-02-01")
    with pytest.raises(WrongUsage, match="no records by then"):
        call("--from", "2025-01-01", "--to", "2025-02-01")
    with pytest.raises(WrongUsage, match="use case mial"):
        call(*PERIOD, "mial")
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_of_one_that_fails(world: World, tmp_path: Path) -> None:
    class Full(ReleaserError):
        pass

    from releaser.store.bundle import write_bundle

    def broken() -> Iterator[tuple[str, bytes]]:
        yield "a", b"1"
        raise Full("the disk is full")

    with pytest.raises(Full):
        write_bundle(tmp_path / "x.zip", broken(), {}, "")
    with pytest.raises(ReleaserError, match="plain relative path"):
        write_bundle(tmp_path / "x.zip", [("../x", b"")], {}, "")
    assert not list(tmp_path.iterdir())


def test_unsigned_is_said_and_is_wrong_where_signatures_are_required(bundle: Path) -> None:
    assert "0 good, 0 bad" in verify(bundle)[1]
    code, said = verify(bundle, "--require-signatures")
    assert code == 1 and "tags/mail/r1.tag: it is not signed" in said


@pytest.fixture
def signing(world: World, tmp_path: Path) -> Iterator[Path]:
    """A key that signs from here on, and the list of who may sign."""
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)], check=True)
    allowed = tmp_path / "allowed"
    allowed.write_text(f"ana@example.com {key.with_suffix('.pub').read_text()}")
    before = world.repo.git("rev-parse", "releases")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(world.git.environ, "RELEASER_SIGNING_KEY", str(key))  # type: ignore[arg-type]
        yield allowed
    world.repo.git("update-ref", "refs/heads/releases", before)


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen")
def test_once_signed_always_signed(world: World, signing: Path, tmp_path: Path) -> None:
    world.record("dev", "mail", Outcome.NOTHING)
    told = ("--allowed-signers", str(signing))
    out = make(world.repo, tmp_path / "signed.zip")
    code, said = verify(out, *told)
    assert code == 0 and "2 good, 0 bad" in said
    assert "2 signatures were not judged: there is no list of who may sign" in verify(out)[1]
    other = tmp_path / "other"
    other.write_text(signing.read_text().replace("AAAAC3NzaC1lZDI1NTE5AAAAI", "AAAAC3NzaC1lZDI1NTE5AAAAJ"))
    code, said = verify(out, "--allowed-signers", str(other))
    assert code == 1 and "may not sign" in said
    world.git.environ.pop("RELEASER_SIGNING_KEY")  # type: ignore[attr-defined]
    world.record("dev", "mail", Outcome.NOTHING)
    code, said = verify(make(world.repo, tmp_path / "lapsed.zip"), *told)
    assert code == 1 and said.count("it is not signed, and commits before it are") == 2


def test_an_anchor_from_elsewhere_sees_what_was_cut_off(world: World, tmp_path: Path) -> None:
    last = world.repo.git("rev-parse", "releases")
    world.record("dev", "mail", Outcome.NOTHING)
    raw = anchor_of("dev", world.repo.git("rev-parse", "releases"), world.records.heads("dev"), world.time)
    (tmp_path / "anchor.json").write_bytes(raw)
    told = ("--anchor", str(tmp_path / "anchor.json"))
    signed = pretty({"format": SIGNED_ANCHOR, "anchor": json.loads(raw), "algorithm": "x", "signature": ""})
    world.records.branch.append(lambda _: {".anchors/dev/1.json": signed}, "anchor")
    whole = make(world.repo, tmp_path / "whole.zip")
    code, said = verify(whole, *told)
    assert code == 0 and "2 anchors" in said, said
    found = members(whole)
    proof = prove(relisted({**found, "anchors/dev/1.json": found["anchors/dev/1.json"].replace(b'"x"', b'"y"')}))
    assert "anchors/dev/1.json" in {b.path for b in proof.breaks}
    world.repo.git("update-ref", "refs/heads/releases", last)
    cut = make(world.repo, tmp_path / "cut.zip")
    assert verify(cut)[0] == 0
    code, said = verify(cut, *told)
    assert code == 1 and "records/dev/mail: the entry that was its newest" in said and "releases@" in said


def test_no_name_is_given_twice_in_the_joined_file() -> None:
    ast.parse(verify_source(), feature_version=(3, 9))
    names = [
        n.name if isinstance(n, ast.FunctionDef | ast.ClassDef) else n.targets[0].id  # type: ignore[union-attr]
        for n in ast.parse(verify_source()).body
        if isinstance(n, ast.FunctionDef | ast.ClassDef | ast.Assign)
    ]
    assert len(names) == len(set(names)), sorted(n for n in names if names.count(n) > 1)
    assert "releaser.core" not in verify_source()


OLDER = [p for p in (shutil.which(f"python3.{minor}") for minor in (9, 10)) if p]


@pytest.mark.parametrize("python", OLDER)
def test_an_older_python_verifies_it_too(bundle: Path, python: str) -> None:
    """Where one is installed; everywhere else its grammar is held above."""
    if subprocess.run([python, "--version"], capture_output=True).returncode:
        pytest.skip("a shim of a version that is not installed")
    script = verifier(bundle.parent)
    done = subprocess.run([python, "-I", "-S", str(script), str(bundle)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
