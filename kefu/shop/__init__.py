"""The merchant's systems: orders, parcels, after-sales and members, in our own terms."""
