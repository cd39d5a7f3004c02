"""`kefu benchmark`: recognition on one's own labelled questions, beside Rasa's pipeline."""
