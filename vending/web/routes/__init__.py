"""The endpoints, one file per group. Plain functions, which run in the thread pool,
but for the sale itself (`web/quick.py`)."""
