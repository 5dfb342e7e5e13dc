"""A provider of certified mail (PEC): an authority and a signer of its own, the receipts of RFC 6109 signed by the openssl
program, and mail servers that bring them into the sender's mailbox. With another authority it is an impostor."""
import base64
import smtplib
import subprocess
from pathlib import Path

SIGNER = "posta-certificata@pec.gestore.example"
TIMEOUT_S = 20


class PecProvider:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir()
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        (self.folder / "extensions").write_text(f"subjectAltName=email:{SIGNER}\nextendedKeyUsage=emailProtection\nbasicConstraints=CA:FALSE\n")
        self.openssl("req", "-x509", *new_key, "-days", "30", "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=An authority of PEC providers")
        self.openssl("req", *new_key, "-keyout", "signer.key", "-out", "signer.csr", "-subj", "/CN=Gestore di Prova")
        self.openssl("x509", "-req", "-in", "signer.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
                     "-extfile", "extensions", "-out", "signer.pem")

    @property
    def authority(self):
        return self.folder / "ca.pem"

    def openssl(self, *words, given=None):
        return subprocess.run(["openssl", *words], cwd=self.folder, input=given, capture_output=True, check=True, timeout=TIMEOUT_S).stdout

    def receipt(self, kind, message_id, sender, recipient, error="nessuno", extended="", original=b"", claims=None):
        """The bytes of a whole mail. `claims`: what the header says where that is not what is signed."""
        escaped = message_id.replace("<", "&lt;").replace(">", "&gt;")
        document = (f'<?xml version="1.0" encoding="UTF-8"?>\n<postacert tipo="{kind}" errore="{error}"><intestazione><mittente>{sender}</mittente>'
                    f'<destinatari tipo="certificato">{recipient}</destinatari><risposte>{sender}</risposte><oggetto>x</oggetto></intestazione>'
                    '<dati><gestore-emittente>Gestore di Prova</gestore-emittente><data zona="+0100"><giorno>22/11/2026</giorno><ora>10:15:32</ora></data>'
                    f"<identificativo>opec.{kind}@pec.gestore.example</identificativo><msgid>{escaped}</msgid>"
                    + (f"<errore-esteso>{extended}</errore-esteso>" if extended else "") + "</dati></postacert>\n")
        part = (b"Content-Type: multipart/mixed; boundary=inner\r\n\r\n--inner\r\nContent-Type: text/plain\r\n\r\nRicevuta\r\n--inner\r\n"
                b'Content-Type: application/xml; name="daticert.xml"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
                + lines(document.encode()) + b"\r\n")
        if original:
            part += b'--inner\r\nContent-Type: message/rfc822; name="postacert.eml"\r\n\r\n' + original + b"\r\n"
        part += b"--inner--\r\n"
        signature = self.openssl("cms", "-sign", "-binary", "-signer", "signer.pem", "-inkey", "signer.key", "-outform", "DER", given=part)
        head = (f"From: {SIGNER}\r\nTo: {sender}\r\nSubject: {kind.upper()}\r\nMIME-Version: 1.0\r\nX-Ricevuta: {claims or kind}\r\n"
                f"X-Riferimento-Message-ID: {message_id}\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; "
                'micalg=sha-256; boundary="outer"\r\n\r\n').encode()
        return (head + b"--outer\r\n" + part + b"\r\n--outer\r\nContent-Type: application/pkcs7-signature; name=smime.p7s\r\n"
                b"Content-Transfer-Encoding: base64\r\n\r\n" + lines(signature) + b"\r\n--outer--\r\n")


def lines(data):
    text = base64.b64encode(data)
    return b"\r\n".join(text[at:at + 76] for at in range(0, len(text), 76))


def deliver(server, mails, to):
    with smtplib.SMTP(server["host"], server["port"], timeout=TIMEOUT_S) as session:
        for mail in mails:
            session.sendmail(SIGNER, [to], mail)
