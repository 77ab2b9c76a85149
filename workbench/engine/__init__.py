"""The Pulumi engine: found, installed or built; and the one owner of every stack operation."""
