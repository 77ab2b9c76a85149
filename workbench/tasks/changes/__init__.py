"""How anything is changed: plan, confirm, apply, guard, note, verify."""
