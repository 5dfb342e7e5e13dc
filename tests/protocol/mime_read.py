"""Prints what Python's email package reads in a message: one hexadecimal field a line, so that nothing needs quoting."""
import sys
from email import message_from_binary_file
from email.policy import SMTP


def show(value):
    data = value if isinstance(value, bytes) else str(value or "").encode("utf-8", "surrogateescape")
    print("x" + data.hex())


message = message_from_binary_file(sys.stdin.buffer, policy=SMTP)
defects = list(message.defects)
for name in ("subject", "from", "to", "reply-to", "message-id", "date"):
    header = message[name]
    if header is not None:
        defects += header.defects
    show(header)
for part in message.walk():
    defects += part.defects
    if part.is_multipart():
        continue
    show(part.get_content_type())
    show(part.get_filename())
    show(part.get_payload(decode=True))
if defects:
    sys.exit(f"defects: {defects}")
