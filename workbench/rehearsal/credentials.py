"""The keys that a person's computer signs with in a rehearsal."""

# Any pair of keys is the same account there; these can't be anyone's.
ACCESS_KEY = "rehearsal"
SECRET_KEY = "rehearsal"  # noqa: S105 - of no use outside a rehearsal
