"""Application load balancers: a real proxy in front of the machines, as the API describes it."""
