"""Register maps: a meter model is data (`config/meters/*.toml`), not code."""
