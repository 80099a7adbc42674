"""A mail server (Debian's aiosmtpd) on the loopback that keeps what it is given.

Arguments: the folder for letters, the certificate, its key, and how it speaks: tls, starttls or plain.
Writes its port as the first line of its output. The account is `strongroom`; letters to refused@... are refused.
"""
import asyncio
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

folder, certificate, key, speech = sys.argv[1:5]
SECRET = b"secret-of-the-test-mail"


class Keep:
    """Writes each letter into a file of its own."""

    count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused@"):
            return "550 there is no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        Keep.count += 1
        head = f"X-Recipients: {','.join(envelope.rcpt_tos)}\r\nX-Encrypted: {speech != 'plain'}\r\n"
        draft = pathlib.Path(folder) / f"{Keep.count}.draft"
        draft.write_bytes(head.encode() + envelope.content)
        draft.rename(draft.with_suffix(".eml"))
        return "250 OK"


def check(server, session, envelope, mechanism, data):
    return AuthResult(success=data.login == b"strongroom" and data.password == SECRET)


async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    starts = speech == "starttls"

    def session():
        return SMTP(
            Keep(),
            hostname="localhost",
            tls_context=context if starts else None,
            require_starttls=starts,
            authenticator=check,
            auth_required=True,
            auth_require_tls=starts,
        )

    server = await asyncio.get_running_loop().create_server(
        session, "127.0.0.1", 0, ssl=context if speech == "tls" else None
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
