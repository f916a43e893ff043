"""The imperative shell: performs what the core decided, over ports."""
