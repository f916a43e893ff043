"""Checks that stand between a plan and its application."""
