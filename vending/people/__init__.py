"""People and doors: users, sessions, wrong tries, and the chained trail of what everybody did.

`doors.py` lets people in and out; `office.py` keeps users, sessions and the trail. Nothing here
touches the world: hashing, codes, time, randomness and the database are passed in.
"""

from .devices import (
    DeviceElsewhere,
    DeviceExists,
    DeviceKey,
    DeviceMalformed,
    DeviceNeeded,
    Devices,
    DeviceUnknown,
)
from .doors import (
    Arrival,
    CodeWrong,
    Doors,
    SecondFactorNeeded,
    SecondFactorThere,
    SignInWrong,
    needs_second_factor,
)
from .first_run import LEAST_CODE, FirstRun, SetupCodeWrong
from .office import Office
from .own import Own, ScreenLanguageUnknown
from .ports import House, HouseReading, HouseWriting, PasswordHasher, SecondFactor
from .sessions import Ending, NotSignedIn, Session, SessionUnknown, digest_of
from .throttling import TooManyTries, Tries
from .trail import Act, TrailLine, TrailProblem
from .users import (
    OwnAct,
    PasswordGuessable,
    PasswordTooShort,
    SignedIn,
    User,
    UserDraft,
    UserExists,
    UserNameMalformed,
    UserUnknown,
)
from .writing import write_down

__all__ = [
    "LEAST_CODE",
    "Act",
    "Arrival",
    "CodeWrong",
    "DeviceElsewhere",
    "DeviceExists",
    "DeviceKey",
    "DeviceMalformed",
    "DeviceNeeded",
    "DeviceUnknown",
    "Devices",
    "Doors",
    "Ending",
    "FirstRun",
    "House",
    "HouseReading",
    "HouseWriting",
    "NotSignedIn",
    "Office",
    "Own",
    "OwnAct",
    "PasswordGuessable",
    "PasswordHasher",
    "PasswordTooShort",
    "ScreenLanguageUnknown",
    "SecondFactor",
    "SecondFactorNeeded",
    "SecondFactorThere",
    "Session",
    "SessionUnknown",
    "SetupCodeWrong",
    "SignInWrong",
    "SignedIn",
    "TooManyTries",
    "TrailLine",
    "TrailProblem",
    "Tries",
    "User",
    "UserDraft",
    "UserExists",
    "UserNameMalformed",
    "UserUnknown",
    "digest_of",
    "needs_second_factor",
    "write_down",
]
