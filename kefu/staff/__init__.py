"""The people who work at the desk: who they are, and how they sign in."""
