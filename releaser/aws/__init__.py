"""The door to AWS: one client and the wrappers around it."""
