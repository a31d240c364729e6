"""How fast beside whom?  Times and errors of this package and its peers."""
