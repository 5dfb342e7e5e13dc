#!/usr/bin/env python3
"""A capability is a method, so one that is misspelt must not be silence: it does not compile, and the compiler says what to write."""
import os
import shutil
import subprocess
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

INCLUDE = Path(os.environ["RELANCE_SOURCE_DIR"]) / "sdk/include"
PLUGIN = """#include <relance/channel.hpp>
using namespace relance::sdk;
class Sample {
 public:
  static constexpr Description kDescription{.id = "a", .driver = "b", .name = "c", .version = "1", .vendor = "d", .channel = "sms"};
  Sample(Host, std::string_view, std::string_view, Issues &) {}
  %s
};
RELANCE_EXPORT_DRIVERS(Sample)
"""
SEND = "Outcome send(const Message &) { return {}; }"
PARSE = "Parsed parse(const Raw &) { return {}; }"
REFUSED = {
    "": "a channel has either void submit",
    SEND + "void submit(std::vector<Pending>) {}": "a channel has either void submit",
    "void send(const Message &) {}": "write: public: Outcome send(const Message &message)",
    "private: " + SEND: "write: public: Outcome send",
    SEND + "Parsed parse(std::string) { return {}; }": "write: public: void parse(PendingParse) or Parsed parse(const Raw &)",
    SEND + "Outcome commit(const Commit &) { return {}; }": "two phases need both commit() and discard()",
    SEND + "void stored(std::span<const Token>) {}" + PARSE: "needs both stored(tokens) and room()",
    SEND + "void poll(PendingPoll) {}" + PARSE: "poll(PendingPoll) needs stored(tokens), room()",
    SEND + "bool authenticate(const WebhookRequest &) { return true; }" + PARSE: "write: public: Authenticated authenticate",
    SEND + "Verdict authenticate(const WebhookRequest &) { return Verdict::forged; }": "authenticate() needs parse()",
}
TAKEN = (SEND, "void submit(std::vector<Pending>) {}", SEND + PARSE + "Polled poll(const Poll &) { return {}; }",
         SEND + PARSE + "Verdict authenticate(const WebhookRequest &) { return Verdict::forged; }",
         SEND + "private: void help(int) {}")


COMPILER = [next(filter(shutil.which, ("clang++-19", "g++"))), "-std=c++20", f"-I{INCLUDE}"]


def compiled(body):
    done = subprocess.run([*COMPILER, "-fsyntax-only", "-x", "c++", "-"], input=PLUGIN % body, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode, done.stdout


class MisspeltTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """The header is read once for all."""
        holder = tempfile.TemporaryDirectory(prefix="relance-")
        cls.addClassCleanup(holder.cleanup)
        if COMPILER[0].startswith("clang"):
            read = f"{holder.name}/channel.pch"
            subprocess.run([*COMPILER, "-x", "c++-header", INCLUDE / "relance/channel.hpp", "-o", read], check=True)
            COMPILER.extend(["-include-pch", read])

    def test_what_is_misspelt_does_not_compile_and_says_why(self):
        with ThreadPoolExecutor(2) as pool:
            for (body, wanted), (code, said) in zip(REFUSED.items(), pool.map(compiled, REFUSED)):
                with self.subTest(body):
                    self.assertNotEqual(code, 0)
                    self.assertIn(wanted, said)

    def test_what_is_right_compiles(self):
        with ThreadPoolExecutor(2) as pool:
            for body, (code, said) in zip(TAKEN, pool.map(compiled, TAKEN)):
                with self.subTest(body):
                    self.assertEqual(code, 0, said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
