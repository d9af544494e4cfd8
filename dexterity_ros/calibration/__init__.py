"""Identification of zeros, extrinsics and latencies."""
