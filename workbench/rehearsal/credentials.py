"""The keys that a person's computer signs with in a rehearsal."""

# Any pair of keys is the same account there; these can't be anyone's.
# Of the form of an access key, so that IAM can give it to a user.
ACCESS_KEY = "REHEARSAL0REHEARSAL0"
SECRET_KEY = "rehearsal"  # noqa: S105 - of no use outside a rehearsal
