"""From the words of a message to capabilities put to work: found, bound to entities, written into the plan."""
