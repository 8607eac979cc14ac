"""For all tests: how Hypothesis looks for counterexamples, and for how long."""

import os

from hypothesis import HealthCheck, settings

# A shared or busy machine is slow now and then; that is no counterexample. The same examples are
# looked at on every machine, so that a change alone makes a test fail; others by `make test-deep`.
settings.register_profile(
    "raseed",
    parent=settings(),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    derandomize=True,
)
# For the answer before a commit (`make test-fast`): an eighth of the search. The whole one is made
# by `make test`, and by everybody who does not ask for this one with `--hypothesis-profile=fast`.
settings.register_profile(
    "fast",
    parent=settings.get_profile("raseed"),
    max_examples=settings.get_profile("raseed").max_examples // 8,
)
# For long (`make test-deep DEEPER=25`): so many times the search, by another seed each time.
DEEPER = int(os.environ.get("DEEPER", "25"))
settings.register_profile(
    "deep",
    parent=settings.get_profile("raseed"),
    max_examples=settings.get_profile("raseed").max_examples * DEEPER,
    derandomize=False,
)
settings.load_profile("raseed")


def examples(whole: int) -> int:
    """How many examples a test looks at that needs `whole` of them: an eighth in the fast set, many
    times as many in the deep one."""
    profile = settings.get_current_profile_name()
    if profile == "deep":
        return whole * DEEPER
    return max(whole // 8, min(whole, 3)) if profile == "fast" else whole
