"""Compile steps to scripts, run them over transports, and turn their records into events."""
