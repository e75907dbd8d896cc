"""What clients say about their registrations."""


def token(registration: str) -> dict:
    return {"kind": "token", "registration": registration}


def register(registration: str, user: str | None = "17", **more) -> dict:
    return {"action": "register", **token(registration), "platform": "android", "user": user, **more}


def replace(registration: str, old: str) -> dict:
    return {"action": "replace", **token(registration), "replaces": token(old)}
