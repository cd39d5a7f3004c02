"""A double of the WeChat platform, to try a customer service with and to test it against.

It is a process of its own that speaks WeChat's protocol on both sides: it pushes
customers' messages to an account's URL and offers the API that the account answers
through. It knows the protocol only from its documentation, not from our connector.
"""
