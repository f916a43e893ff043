"""What is evaluated, what came of it, and what it means: pure types."""
