"""More people than the first: they come by invitation."""

from .server import PASSWORD


def invite(api, role="viewer"):
    """The token of an invitation into the group of `api`, whose session must be stepped up."""
    made = api.ok("POST", f"/groups/{api.group}/invitations", json={"role": role})
    return made["link"].partition("token=")[2]


def join(server, token, login, name=None, password=PASSWORD):
    """A client of a new account that accepts the invitation."""
    other = server.api()
    body = {"token": token, "login": login, "name": name or login.title(), "password": password, "language": "en"}
    answer = other.post("/api/v1/invitations/accept", json=body)
    assert answer.status_code == 201, answer.text
    other.group = answer.json()["groups"][0]["id"]
    return other
