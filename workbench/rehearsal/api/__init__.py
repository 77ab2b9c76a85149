"""The AWS API: moto in this process, as strict as AWS's, kept in a file."""
