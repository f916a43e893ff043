"""What commands do: content, plan, run, moves of pins, proofs. Works through the doors below; prints no result."""
