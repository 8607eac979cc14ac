"""The endpoints, one file per group. All are plain functions: they run in the thread pool."""
