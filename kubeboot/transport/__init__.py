"""How scripts reach hosts. `base` is the protocol; only `ssh` knows paramiko."""
