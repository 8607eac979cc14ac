"""For all tests: how Hypothesis looks for counterexamples."""

from hypothesis import HealthCheck, settings

# A shared or busy machine is slow now and then; that is no counterexample. Everything else
# stays as the environment chose it (in CI: derandomised, with the failing example printed).
settings.register_profile(
    "raseed",
    parent=settings(),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("raseed")
