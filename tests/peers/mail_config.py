"""The texts of the private mail world's configuration: Postfix, Dovecot, certificates. No process is started here.

One Postfix plays the debtors' mail server. What it relays to the far side (mail_far_side.py) comes back as the
asynchronous answers that a sender gets minutes later in real life; times are shortened to seconds.
"""
import subprocess

SERVER_NAME = "mx.debtors.example"
CREDITOR_DOMAIN = "creditor.example"
MAIL_UID = 65534  # nobody: owns the mailboxes; Postfix refuses to deliver as a user below 100

MAIN_CF = """\
compatibility_level = 3.6
queue_directory = {dir}/spool
data_directory = {dir}/data
maillog_file = {dir}/log/mail.log
maillog_file_prefixes = {dir}
myhostname = {server_name}
myorigin = $myhostname
mydestination =
mynetworks = 127.0.0.1/32
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
local_recipient_maps =
notify_classes =
biff = no
# Nothing leaves this machine, whatever a test writes to.
default_transport = error:5.1.2 no mail leaves this machine
relay_transport = error:5.1.2 no mail leaves this machine
relay_domains =
smtp_dns_support_level = disabled
smtp_host_lookup = native
smtpd_peername_lookup = no
smtpd_banner = $myhostname ESMTP {token}
smtpd_error_sleep_time = 0
# A queue id is never used twice: mail_records.py counts by it.
enable_long_queue_ids = yes
recipient_delimiter = +

virtual_mailbox_domains = regexp:{dir}/etc/domains
virtual_mailbox_maps = regexp:{dir}/etc/mailboxes
virtual_mailbox_base = {dir}/mail
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{uid}
transport_maps = regexp:{dir}/etc/transports
lmtp_assume_final = yes
smtp_connect_timeout = 5s

smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
smtpd_recipient_restrictions = reject_unlisted_recipient, check_recipient_access regexp:{dir}/etc/fates,
  check_policy_service inet:127.0.0.1:{policy_port}
smtpd_tls_security_level = may
smtpd_tls_chain_files = {dir}/tls/server.key {dir}/tls/server.pem
smtpd_tls_auth_only = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth

queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 2s
transport_retry_time = 1s
maximal_queue_lifetime = {queue_lifetime}s
bounce_queue_lifetime = {queue_lifetime}s
delay_warning_time = {delay_warning}s
"""

MASTER_CF = """\
127.0.0.1:{smtp_port} inet n - n - - smtpd
  -o syslog_name=mx
  -o smtpd_forbid_bare_newline=no
127.0.0.1:{strict_port} inet n - n - - smtpd
  -o syslog_name=strict
  -o smtpd_forbid_bare_newline=yes
  -o smtpd_forbid_bare_newline_exclusions=
127.0.0.1:{submission_port} inet n - n - - smtpd
  -o syslog_name=submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{smtps_port} inet n - n - - smtpd
  -o syslog_name=smtps
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=permit_sasl_authenticated,reject
127.0.0.1:{back_port} inet n - n - - smtpd
  -o syslog_name=back
cleanup   unix  n - n - 0 cleanup
qmgr      unix  n - n 300 1 qmgr
tlsmgr    unix  - - n 1000? 1 tlsmgr
rewrite   unix  - - n - - trivial-rewrite
bounce    unix  - - n - 0 bounce
defer     unix  - - n - 0 bounce
trace     unix  - - n - 0 bounce
verify    unix  - - n - 1 verify
flush     unix  n - n 1000? 0 flush
proxymap  unix  - - n - - proxymap
showq     unix  n - n - - showq
smtp      unix  - - n - - smtp
lmtp      unix  - - n - - lmtp
error     unix  - - n - - error
retry     unix  - - n - - error
discard   unix  - - n - - discard
virtual   unix  - n n - - virtual
anvil     unix  - - n - 1 anvil
scache    unix  - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""

# An address without a mailbox is refused at RCPT: 550 5.1.1. virtual(8) forbids $1 in the path, so all mail of all debtors
# lies in one maildir; X-Original-To tells whose it is.
MAILBOXES = r"""
/^bounces(\+[^@]*)?@creditor\.example$/  bounces/
/^replies(\+[^@]*)?@creditor\.example$/  replies/
/@creditor\.example$/                    nobody-reads-this/
if !/^gone[-.+@]/
/\.example$/                             debtors/
endif
"""
DOMAINS = "/\\.example$/  OK\n"
FATES = """\
/^policy[-.+@]/  550 5.7.1 This sender is not welcome here by local policy
/^quota[-.+@]/   452 4.2.2 The mailbox is over its quota
"""
TRANSPORTS = """\
/@creditor\\.example$/                      virtual:
/^(bounce|full|relay|text|away|read)[-.+@]/  smtp:[127.0.0.1]:{far_smtp_port}
/^defer[-.+@]/                              lmtp:inet:127.0.0.1:{far_lmtp_port}
/^expire[-.+@]/                             smtp:[127.0.0.1]:{closed_port}
"""

DOVECOT_CONF = """\
protocols = imap
listen = 127.0.0.1
base_dir = {dir}/imap
state_dir = {dir}/imap-state
instance_name = relance-{token}
log_path = {dir}/log/imap.log
login_greeting = {token}
ssl = yes
ssl_cert = <{dir}/tls/server.pem
ssl_key = <{dir}/tls/server.key
disable_plaintext_auth = no
auth_mechanisms = plain login
# A wrong password is answered at once: tests try many, and Dovecot would make each wait longer.
auth_failure_delay = 0
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
first_valid_uid = 100
mail_location = maildir:~/
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {dir}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={uid} home={dir}/mail/%u
}}
service imap-login {{
  process_min_avail = 1
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service auth {{
  unix_listener {dir}/spool/private/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
"""


def write_all(folder, facts):
    """Writes every configuration file below folder/etc. `facts` fills the placeholders."""
    etc = folder / "etc"
    files = {"main.cf": MAIN_CF, "master.cf": MASTER_CF, "dovecot.conf": DOVECOT_CONF, "transports": TRANSPORTS}
    for name, text in files.items():
        (etc / name).write_text(text.format(dir=folder, uid=MAIL_UID, server_name=SERVER_NAME, **facts))
    for name, text in {"mailboxes": MAILBOXES, "domains": DOMAINS, "fates": FATES}.items():
        (etc / name).write_text(text)


def make_certificates(folder):
    """A CA of this start only, the servers' certificate, and a second CA that signed nothing of theirs."""
    tls = folder / "tls"

    def openssl(*args):
        subprocess.run(["openssl", *args], check=True, cwd=tls, stdin=subprocess.DEVNULL, capture_output=True)

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    authority = ["-x509", "-days", "30", "-addext", "keyUsage=critical,keyCertSign,cRLSign"]
    for name in ("ca", "other_ca"):
        openssl("req", *new_key, *authority, "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN=Relance test {name}")
    (tls / "san").write_text(f"subjectAltName=DNS:{SERVER_NAME},DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    openssl("req", *new_key, "-keyout", "server.key", "-out", "server.csr", "-subj", f"/CN={SERVER_NAME}")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30",
            "-extfile", "san", "-out", "server.pem")
    for key in tls.glob("*.key"):
        key.chmod(0o600)
