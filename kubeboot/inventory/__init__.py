"""Inventory file -> frozen Cluster, or every problem at once."""
