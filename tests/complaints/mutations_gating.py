"""Gates and evidence: for every test of theirs the line of the engine that it would miss (``mutations.py``)."""

from __future__ import annotations

from collections.abc import Mapping

from complaints.mutation import Mutation

MUTATIONS: Mapping[str, Mutation] = {}
