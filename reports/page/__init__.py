"""What the report says: a module a section, each from data to plain values that a template shows."""
