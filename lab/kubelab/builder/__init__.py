"""Building what the lab stands on: programs, images, packages, the hosts' root file system and the mirror's content."""
