"""The message centre of smsc.js as a process of a test."""
from pathlib import Path

from node_peer import NodePeer


class Smsc(NodePeer):
    """`key` and `certificate`: PEM files, for TLS. `port`: where an earlier one of the same test was."""

    def __init__(self, key=None, certificate=None, port=0):
        secure = {"SMSC_KEY": str(key), "SMSC_CERT": str(certificate)} if key else {}
        super().__init__(Path(__file__).with_name("smsc.js"), "smpp", {"SMSC_PORT": str(port), **secure})
