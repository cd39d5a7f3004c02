"""WeChat: customer messages of mini-programs and official accounts, in and out.

Only `connector` imports Rasa; the other modules also run in a process of their own.
"""
