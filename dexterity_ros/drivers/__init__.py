"""Hardware behind ports; the only place for vendor SDKs."""
