"""Who does and judges each kind of check. A judge walks, looks and says what was seen."""
