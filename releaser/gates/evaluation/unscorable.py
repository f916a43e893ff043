"""Why an answer has no score."""


class Unscorable(Exception):
    """There is no score, and its text says why: a judge that cannot be parsed, a case without an expected answer.
    Counted as ERROR, never as a score."""
