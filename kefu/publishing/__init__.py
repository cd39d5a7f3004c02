"""Publishing: a model is trained, tried, compared with the one in service, and brought to it."""
