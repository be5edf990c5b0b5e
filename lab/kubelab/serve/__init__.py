"""What runs in the lab's hub: the resolver, the web server of the mirror, and Debian's docker-registry."""
