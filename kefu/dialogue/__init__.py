"""Rasa's side of the dialogue: answers filled from the settings, policy and featurizer."""

# A trained model names its featurizers by type: the type has to be known before it is loaded.
from kefu.dialogue import recent_states as recent_states
