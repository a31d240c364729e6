"""Is it right?  The reference, the inputs, and checks of every level against it."""
