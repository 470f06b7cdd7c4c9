"""A real SMTP server (aiosmtpd) on 127.0.0.1 that does what the test wants.

It is told by JSON lines on stdin and tells by JSON lines on stdout. A line on stdin is a plan: what to do instead of
serving, by the name of a command, or of a command with its argument, or by CONNECT (instead of the greeting), END
(instead of taking the mail) and IDLE (after a mail was taken):

    {"MAIL": "421 closing", "RCPT TO:<a@example.com>": "550 no such user", "END": ["drop"]}

"drop" closes the connection, "silent" says nothing more, "hold" (at END) takes the mail once there is another plan,
anything else is answered; {arg} in it is the argument of the command. A list is used up one by one. "password" is the
password that is right from now on. Ends with its stdin.
"""

import argparse
import asyncio
import email
import email.policy
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


class Plan:
    def __init__(self):
        self.actions = {}
        self.is_over = asyncio.Event()

    def replace(self, actions):
        self.actions = actions
        self.is_over.set()
        self.is_over = asyncio.Event()

    def next(self, *names):
        for name in names:
            action = self.actions.get(name)
            if isinstance(action, list):
                action = action.pop(0) if action else None
            if action is not None:
                return action
        return None


def understood(raw):
    """The mail as Python's parser reads it."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    parts = []
    for part in mail.walk():
        kind = part.get_content_type()
        text = part.get_content().replace("\r\n", "\n") if part.get_content_maintype() == "text" else None
        size = len(part.get_content()) if part.get_content_maintype() == "image" else None
        parts.append({"type": kind, "text": text, "size": size, "cid": part["content-id"]})
    headers = [[name, str(value)] for name, value in mail.items()]
    defects = [repr(defect) for part in mail.walk() for defect in part.defects]
    return {"headers": headers, "parts": parts, "defects": defects}


class Handler:
    async def handle_DATA(self, server, session, envelope):
        action = server.plan.next("END")
        tell(
            "mail",
            sender=envelope.mail_from,
            recipients=envelope.rcpt_tos,
            raw=envelope.original_content.decode("ascii", "backslashreplace"),
            understood=understood(envelope.original_content),
            was_encrypted=session.ssl is not None or server.is_implicit,
            greeting=session.host_name,
            taken=action in (None, "hold"),
        )
        if action == "hold":
            await server.plan.is_over.wait()
            action = None
        if action in ("drop", "silent") or (action or "").startswith("421"):
            await server.do(action)
        if action is not None:
            return action
        idle = server.plan.next("IDLE")
        if idle is not None:
            # First the mail's answer, then what comes by itself.
            await server.push("250 2.0.0 taken")
            await server.do(idle)
        return "250 2.0.0 taken"


class Server(SMTP):
    def __init__(self, plan, is_implicit, *args, **kwargs):
        self.plan = plan
        self.is_implicit = is_implicit
        super().__init__(*args, **kwargs)

    async def do(self, action, arg=""):
        if action == "drop":
            self.transport.close()
        elif action != "silent":
            await self.push(action.replace("{arg}", arg))
            if action.startswith("421"):
                self.transport.close()
            else:
                return
        # The end of the connection ends this.
        await asyncio.Event().wait()

    async def _handle_client(self):
        tell("connect")
        action = self.plan.next("CONNECT")
        if action is not None:
            await self.do(action)
            self.transport.close()
            return
        await super()._handle_client()


def scripted(name):
    usual = getattr(SMTP, "smtp_" + name)

    async def command(self, arg):
        action = self.plan.next(f"{name} {arg}", name)
        if action is not None:
            await self.do(action, arg or "")
        else:
            await usual(self, arg)

    return command


for NAME in ("EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "RSET"):
    setattr(Server, "smtp_" + NAME, scripted(NAME))


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--tls", choices=["none", "starttls", "implicit"], default="none")
    options.add_argument("--certificate")
    options.add_argument("--key")
    options.add_argument("--password")
    options = options.parse_args()

    plan = Plan()
    password = options.password

    def authenticate(server, session, envelope, mechanism, login):
        is_right = login.login == b"proxymeter" and login.password.decode() == password
        tell("login", mechanism=mechanism, is_right=is_right)
        return AuthResult(success=is_right, handled=False)

    context = None
    if options.tls != "none":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(options.certificate, options.key)
    is_implicit = options.tls == "implicit"
    is_starttls = options.tls == "starttls"

    def serve():
        return Server(
            plan,
            is_implicit,
            Handler(),
            hostname="mx.example.com",
            tls_context=context if is_starttls else None,
            require_starttls=is_starttls,
            auth_required=password is not None,
            auth_require_tls=is_starttls,
            authenticator=authenticate,
            loop=loop,
        )

    loop = asyncio.get_running_loop()
    listening = await loop.create_server(serve, "127.0.0.1", options.port, ssl=context if is_implicit else None)
    tell("ready", port=listening.sockets[0].getsockname()[1])

    stdin = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    while line := await stdin.readline():
        actions = json.loads(line)
        password = actions.pop("password", password)
        plan.replace(actions)
        tell("planned")


asyncio.run(main())
