"""The rehearsal's AWS resource plugin: a table of resource types over boto3.

It speaks Pulumi's provider protocol in the place of the official plugin and only ever talks
to an AWS API on this computer.
"""
