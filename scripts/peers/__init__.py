"""What ``make bench-engine`` holds side by side: one file a peer, each of which runs the same empty pipeline."""
