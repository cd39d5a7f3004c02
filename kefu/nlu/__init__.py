"""Rasa components: normaliser, order numbers, recogniser with its decision, handoff policy."""
