"""The doors to files and git."""
