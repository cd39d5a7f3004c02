"""Telling people at once that a limit of the operator's settings is passed, and when it is over."""
