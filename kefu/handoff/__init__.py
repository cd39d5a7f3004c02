"""Bringing in a person: triggers, service hours, who holds a conversation, waiting time."""
