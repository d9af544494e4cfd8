"""Reports to read after a run: one HTML file that needs nothing else."""
