"""The rights in AWS that a workbench needs: as a policy, and whether the caller has them."""
