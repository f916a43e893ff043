"""A small world for tests of whole runs: repositories, manifests, processes that can be killed, accounts to compare."""
