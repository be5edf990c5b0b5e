"""What is installed into the cluster once its API is up: manifests fetched, checked, and changed by typed edits."""
