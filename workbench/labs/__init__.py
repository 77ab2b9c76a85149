"""Labs: walkthroughs that check their own outcome."""
