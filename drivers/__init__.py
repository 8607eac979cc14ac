"""How to reach a meter. A meter model is data (config/meters/*.toml), not code."""
