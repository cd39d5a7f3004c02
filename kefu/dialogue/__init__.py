"""Rasa's side of the dialogue: answers filled from the settings, and the handoff policy."""
