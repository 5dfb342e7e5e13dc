"""What dkimpy, which shares no line with ours, says of the signatures of mails: for each file a line "mail", then one line a
signature, "pass ALGORITHM SELECTOR DOMAIN" or "fail …". The first argument is a JSON file {"selector._domainkey.domain": "the
TXT record"} in place of the DNS."""
import json
import re
import sys

import dkim  # Debian: python3-dkim, python3-nacl

with open(sys.argv[1], encoding="utf-8") as file:
    records = json.load(file)


def lookup(name, timeout=5):
    del timeout
    return records.get(name.decode().rstrip("."), "").encode()


for path in sys.argv[2:]:
    print("mail")
    with open(path, "rb") as file:
        mail = file.read()
    signatures = [value for name, value in dkim.DKIM(mail).headers if name.lower() == b"dkim-signature"]
    for index, signature in enumerate(signatures):
        tags = dict(re.findall(rb"(?:^|;)\s*([a-z]+)\s*=\s*([^;]*?)\s*(?=;|$)", signature))
        try:
            verdict = "pass" if dkim.DKIM(mail).verify(idx=index, dnsfunc=lookup) else "fail"
        except dkim.DKIMException as error:
            verdict = f"fail ({error})"
        print(verdict, *(tags.get(tag, b"").decode() for tag in (b"a", b"s", b"d")))
