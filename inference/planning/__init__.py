"""Message → Plan, deterministically: no model, no network, no state."""
