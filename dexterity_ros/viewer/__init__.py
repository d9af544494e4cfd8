"""The page to look at while a hand runs; the only place that knows viser."""
