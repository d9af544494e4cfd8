"""Dynamixel motors on a serial bus."""
