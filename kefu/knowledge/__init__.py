"""The knowledge base: categories of entries with a standard question, phrasings and an answer."""
