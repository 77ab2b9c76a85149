"""The machine's data source for cloud-init (named in cloud.cfg.d/90_machine.cfg)."""
