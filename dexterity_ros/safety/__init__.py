"""The gate, the fault table, the supervisor and the preflight checks."""
