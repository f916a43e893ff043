"""Benchmarks: generated estates on the sandbox, and Terraform beside them when it is on the machine."""
