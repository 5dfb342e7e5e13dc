"""The demo's provider of certified e-mail (PEC): it signs, with an authority of its own, a receipt of acceptance and one of
delivery for each mail that the mail host has delivered to a certified mailbox, or one of failure where the box is given up.

The mails travel by the private Postfix and the receipts come back by it; OpenSSL signs. Nothing here knows the daemon.
"""
import datetime
import email.parser
import email.policy
import smtplib
import subprocess
import threading
from xml.sax.saxutils import escape

DOMAIN = "pec.gestore.example"
SIGNER = f"posta-certificata@{DOMAIN}"
LOOK_S = 0.02
KEY_HEADER = "X-Relance-Key"


def is_certified(address):
    return address.partition("@")[2].startswith("pec.")


class CertifiedMail:
    """`mailbox`: our own certified address; `delivered()`: the records of what lies in debtors' mailboxes."""

    def __init__(self, folder, mailbox, smtp, delivered):
        self.folder, self.mailbox, self.smtp, self.delivered = folder, mailbox, smtp, delivered
        self.answered = {}
        self.ended = threading.Event()
        self.thread = None

    signer = SIGNER

    @property
    def authority(self):
        return self.folder / "authority.pem"

    def start(self):
        self.folder.mkdir()
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "authority.key",
                     "-out", "authority.pem", "-subj", "/CN=Authority of certified mail", "-days", "30")
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "signer.key", "-out", "signer.csr",
                     "-subj", "/CN=Posta Certificata")
        (self.folder / "signer.ext").write_text(f"basicConstraints=CA:FALSE\nsubjectAltName=email:{SIGNER}\nextendedKeyUsage=emailProtection\n")
        self.openssl("x509", "-req", "-in", "signer.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
                     "-extfile", "signer.ext", "-out", "signer.pem", "-days", "20")
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def stop(self):
        self.ended.set()
        if self.thread is not None:
            self.thread.join()

    def openssl(self, *arguments, data=None):
        return subprocess.run(["openssl", *arguments], cwd=self.folder, input=data, capture_output=True, check=True).stdout

    def serve(self):
        while not self.ended.wait(LOOK_S):
            for record in self.delivered():
                if is_certified(record["recipient"]) and record["file"] not in self.answered:
                    self.answer(record)

    def answer(self, record):
        with open(record["file"], "rb") as mail:
            header = email.parser.BytesHeaderParser(policy=email.policy.default).parse(mail)
        facts = {"to": record["recipient"], "subject": str(header["Subject"]), "id": str(header["Message-ID"]).strip()}
        with smtplib.SMTP(self.smtp["host"], self.smtp["port"]) as server:
            for kind in ("accettazione", "avvenuta-consegna"):
                server.sendmail(SIGNER, [self.mailbox], self.receipt(kind, facts))
        self.answered[record["file"]] = str(header[KEY_HEADER])

    def receipt(self, kind, facts):
        now = datetime.datetime.now(datetime.timezone.utc)
        delivery = f'<ricevuta tipo="sintetica"/><consegna>{facts["to"]}</consegna>' if kind == "avvenuta-consegna" else ""
        document = (f'<?xml version="1.0" encoding="UTF-8"?>\n<postacert tipo="{kind}" errore="nessuno"><intestazione><mittente>{self.mailbox}</mittente>'
                    f'<destinatari tipo="certificato">{facts["to"]}</destinatari><risposte>{self.mailbox}</risposte>'
                    f'<oggetto>{escape(facts["subject"])}</oggetto></intestazione><dati><gestore-emittente>Gestore di prova</gestore-emittente>'
                    f'<data zona="+0000"><giorno>{now:%d/%m/%Y}</giorno><ora>{now:%H:%M:%S}</ora></data>'
                    f'<identificativo>opec.{kind}.{len(self.answered)}@{DOMAIN}</identificativo><msgid>{escape(facts["id"])}</msgid>{delivery}'
                    '</dati></postacert>\n')
        entity = ('Content-Type: multipart/mixed; boundary="inner"\r\n\r\n--inner\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n'
                  f'Ricevuta di {kind}\r\n--inner\r\nContent-Type: application/xml; name="daticert.xml"\r\n'
                  'Content-Disposition: inline; filename="daticert.xml"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n'
                  + document.replace("\n", "\r\n") + "\r\n--inner--\r\n")
        signed = self.openssl("cms", "-sign", "-signer", "signer.pem", "-inkey", "signer.key", "-binary", data=entity.encode())
        head = (f"From: {SIGNER}\r\nTo: {self.mailbox}\r\nSubject: {kind.upper()}: receipt\r\n"
                f"Message-ID: <opec.{kind}.{len(self.answered)}@{DOMAIN}>\r\nX-Ricevuta: {kind}\r\nX-Riferimento-Message-ID: {facts['id']}\r\n")
        return head.encode() + signed
