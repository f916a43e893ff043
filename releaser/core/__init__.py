"""Decisions only: no clock, network, disk, thread, randomness, environment or logging in here."""
