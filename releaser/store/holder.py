"""Who we are as the holder of a lock, and whether another holder can be proven gone."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from releaser.core.errors import LockHeld
from releaser.core.record import Holder, Intent, OpenRecord

SKEW = timedelta(minutes=1)
"""How far the clocks of two machines may differ before an expired lease is believed."""
Reason = Literal["holder-gone", "job-retried", "lease-expired", "staged", "delivering", "taken-over"]


def holder_here(environ: Mapping[str, str] | None = None, pid: int | None = None) -> Holder:
    """This process as a holder: the CI job it runs in, else the process on this machine."""
    env = os.environ if environ is None else environ
    pid = os.getpid() if pid is None else pid
    host = socket.gethostname()
    job = env.get("CI_JOB_NAME", "")
    in_ci = bool(env.get("CI_JOB_ID"))
    user = env.get("GITLAB_USER_LOGIN") or env.get("USER") or env.get("LOGNAME") or "someone"
    return Holder(
        kind="ci" if in_ci else "laptop",
        name=f"job {job} of pipeline {env.get('CI_PIPELINE_ID', '?')}" if in_ci else f"{user}@{host}",
        host=host,
        boot=_boot(),
        pid=pid,
        started=process_start(pid) or "",
        project=env.get("CI_PROJECT_PATH", "") if in_ci else "",
        pipeline=env.get("CI_PIPELINE_ID", "") if in_ci else "",
        job=job if in_ci else "",
        job_id=env.get("CI_JOB_ID", "") if in_ci else "",
        url=env.get("CI_JOB_URL", "") if in_ci else "",
    )


def process_start(pid: int) -> str | None:
    """When a process of this machine started, in clock ticks since boot; None: no such process, or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return None
    state, *rest = text.rpartition(")")[2].split()
    return None if state in "ZX" else rest[18]


def is_running(pid: int, started: str) -> bool:
    """Whether that very process of this machine still runs. In doubt (its /proc is hidden from us): yes."""
    found = process_start(pid)
    if found is not None:
        return found == started
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return not Path(f"/proc/{pid}/stat").exists()


def why_free(
    record: OpenRecord, me: Holder, now: datetime, running: Callable[[int, str], bool] = is_running
) -> Reason | None:
    """Why ``me`` may continue a record of another holder; None: it is (or may be) at work.

    A live process on this machine is at work even when its lease has run out. A process elsewhere is believed
    gone only when its lease has run out, or when GitLab retries its job (it does so only after the first ended).
    """
    them = record.holder
    if record.free:
        return record.free
    if them.boot and them.boot == me.boot:
        return None if running(them.pid, them.started) else "holder-gone"
    if them.kind == me.kind == "ci" and _job(them) == _job(me) and all(_job(me)):
        return "job-retried"
    if now > record.lease_expires + SKEW:
        return "lease-expired"
    return None


def _job(holder: Holder) -> tuple[str, str, str]:
    return (holder.project, holder.pipeline, holder.job)


def _boot() -> str:
    """Boot id and pid namespace; empty where the system has no /proc, and then only the lease counts.

    The boot id alone is not enough: containers on one machine share it and do not see each other's processes.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def moved_on(intent: Intent) -> LockHeld:
    """The refusal of a plan that is older than the newest record."""
    return LockHeld(
        f"{intent.use_case} in {intent.environment} has a newer record than this plan was made from",
        code="G-moved-on",
        hint="another run was faster; run the same command again: it plans anew",
    )


def held_by(record: OpenRecord) -> LockHeld:
    """The refusal, naming the holder and when its lease ends."""
    holder = record.holder
    where = f" ({holder.url})" if holder.url else f" (pid {holder.pid})" if holder.pid else ""
    return LockHeld(
        f"{record.opened.use_case} in {record.opened.environment} is held by {holder.name}{where} "
        f"until {record.lease_expires:%Y-%m-%d %H:%M} UTC",
        code="G-lock-held",
        hint="wait for that run; if you know that it is dead, run again with --take-over",
    )
