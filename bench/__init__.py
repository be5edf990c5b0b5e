"""Benchmarks on the lab: each number is measured in one run with what it is compared with."""
