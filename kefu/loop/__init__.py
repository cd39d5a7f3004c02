"""The weekly loop: what was not understood, in groups, on its way into the knowledge base."""
