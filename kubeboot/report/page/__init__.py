"""A run that was kept, as one HTML page and as JUnit XML: story -> critical path, timeline, changes -> documents."""
