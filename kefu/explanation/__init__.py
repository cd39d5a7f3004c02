"""`kefu explain`: why a message was understood the way it was, in an operator's words."""
