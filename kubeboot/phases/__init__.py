"""The content: what each phase wants of a host, one file per phase."""
