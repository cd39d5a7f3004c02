"""The demo shop: a merchant's order system to try the assistant with. All its data is made up."""
