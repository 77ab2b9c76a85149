"""What answers machines on their network: AWS's endpoints, metadata, ACME, packages."""
