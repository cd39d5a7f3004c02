"""AI customer service for WeChat mini-programs, built as a standard Rasa project."""

__version__ = "0.1.0"
