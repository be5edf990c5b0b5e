"""Sinks: the only places that render events for people and files."""
