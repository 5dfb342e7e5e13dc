#!/usr/bin/env python3
"""Proves that check_includes.py catches each offence it is there for, and leaves innocent code alone."""
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).parent))
import check_includes  # noqa: E402

# (file, its text, a piece of the complaint, or None where there must be none)
SNIPPETS = [
    ("host/domain/case.cpp", '#include "host/engine/loop.hpp"', "points up"),
    ("host/base/id.cpp", '#include "host/domain/money.hpp"', "points up"),
    ("host/store/store.hpp", '#include "host/channel/instance.hpp"', "points up"),
    ("host/engine/loop.cpp", '#  include "host/app/main.hpp"', "points up"),
    ("host/channel/router.cpp", '#include "host/render/template.hpp"', "neighbour"),
    ("host/intake/csv.cpp", '#include "host/channel/router.hpp"', "neighbour"),
    ("host/store/sqlite/store.cpp", '#include "host/config/config.hpp"', "neighbour"),
    ("host/unknown/a.cpp", '#include <string>', "on no floor"),
    ("host/engine/a.cpp", '#include "plugins/smtp/client.hpp"', "never includes plugins/"),
    ("host/engine/a.cpp", '#include "sdk/include/relance/plugin.h"', "as <relance/...>"),
    ("host/engine/a.cpp", '#include "tests/test_folders.hpp"', "never includes its tests"),
    ("host/engine/a.cpp", '#include "loop.hpp"', "not written from the tree's root"),
    ("host/engine/a.cpp", '#include "../domain/case.hpp"', "not written from the tree's root"),
    ("host/render/a.cpp", '#include <relance/plugin.h>', "plugin contract"),
    ("host/engine/loop.hpp", '#include <boost/asio.hpp>', "Boost.Asio is heavy"),
    ("host/engine/loop.hpp", '#include <boost/asio/io_context.hpp>', "Boost.Asio is heavy"),
    ("host/api/server.hpp", '#include <boost/beast/http.hpp>', "Boost.Beast is heavy"),
    ("host/api/server.hpp", '#include <boost/json.hpp>', "Boost.JSON is heavy"),
    ("host/base/log.hpp", '#include <spdlog/spdlog.h>', "spdlog is heavy"),
    ("host/config/config.hpp", '#include <toml++/toml.h>', "toml++ is heavy"),
    ("host/engine/http.hpp", '#include <curl/curl.h>', "libcurl is heavy"),
    ("host/engine/mime.hpp", '#include <gmime/gmime.h>', "GMime is heavy"),
    ("host/domain/zone.hpp", '#include <date/tz.h>', "date/tz.h is heavy"),
    ("host/domain/case.cpp", '#include <fstream>', "does no I/O"),
    ("host/domain/case.cpp", '#include <iostream>', "does no I/O"),
    ("host/domain/case.cpp", '#include <filesystem>', "does no I/O"),
    ("host/domain/case.cpp", '#include <boost/asio/post.hpp>', "does no I/O"),
    ("host/domain/case.cpp", 'auto t{std::chrono::system_clock::now()};', "reads no clock"),
    ("host/domain/case.cpp", 'auto t{steady_clock::now()};', "reads no clock"),
    ("host/domain/case.cpp", 'auto t = std::time(nullptr);', "reads no clock"),
    ("host/domain/case.cpp", 'WallClock clock;', "reads no clock"),
    ("host/domain/case.cpp", 'const char *zone = std::getenv("TZ");', "reads no clock"),
    ("plugins/smtp/client.cpp", '#include "host/base/result.hpp"', "never includes host/"),
    ("plugins/smtp/client.cpp", '#include <host/base/result.hpp>', "never includes host/"),
    ("plugins/smtp/client.cpp", '#include "plugins/sms/gsm.hpp"', "knows only itself"),
    ("plugins/protocol/mime/mime.cpp", '#include "plugins/smtp/client.hpp"', "knows only itself"),
    ("plugins/smtp/client.cpp", '#include "client.hpp"', "not written from the tree's root"),
    ("plugins/protocol/smtp/pool.hpp", '#include <boost/asio/io_context.hpp>', "Boost.Asio is heavy"),
    ("plugins/protocol/imap/mailbox.hpp", '#include <curl/curl.h>', "libcurl is heavy"),
    ("sdk/include/relance/channel.hpp", '#include <boost/json.hpp>', "Boost.JSON is heavy"),
    ("sdk/include/relance/channel.hpp", '#include "host/base/result.hpp"', "nothing of the tree"),
    ("sdk/include/relance/channel.hpp", '#include <plugins/protocol/mime.hpp>', "nothing of the tree"),
    ("sdk/include/relance/channel.hpp", '#include "../../../host/base/id.hpp"', "leads out of sdk/"),

    ("host/domain/case.cpp", '#include "host/base/time.hpp"\n#include <vector>', None),
    ("host/domain/case.cpp", '// system_clock::now is not for us\nauto s{"steady_clock::now"};', None),
    ("host/domain/case.cpp", '// #include "host/engine/loop.hpp"\n/* #include <fstream> */', None),
    ("host/domain/case.cpp", 'Instant first_time(int x); auto y{due_time(0)};', None),
    ("host/domain/zone.cpp", '#include <date/tz.h>', None),
    ("host/engine/loop.cpp", '#include "host/channel/router.hpp"\n#include <boost/asio.hpp>', None),
    ("host/channel/router.hpp", '#include <relance/plugin.h>\n#include "host/channel/limits.hpp"', None),
    ("host/api/server.hpp", '#include <boost/json/fwd.hpp>', None),
    ("plugins/smtp/client.hpp", '#include <boost/json/fwd.hpp>\n#include "plugins/protocol/mime/mime.hpp"', None),
    ("plugins/smtp/client.cpp", '#include <boost/asio.hpp>', None),
    ("plugins/smtp/smtp.cpp", '#include <relance/channel.hpp>\n#include "plugins/smtp/client.hpp"', None),
    ("sdk/include/relance/channel.hpp", '#include "plugin.h"\n#include <relance/plugin.h>', None),
]


class EachRule(unittest.TestCase):
    def setUp(self):
        # The tree's own exceptions are no part of these little trees.
        exceptions = mock.patch.dict(check_includes.HEAVY_ALLOWED, clear=True)
        exceptions.start()
        self.addCleanup(exceptions.stop)

    def complaints_on(self, name, text):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder).resolve() / name
            path.parent.mkdir(parents=True)
            path.write_text(text + "\n", encoding="utf-8")
            return check_includes.check_tree(Path(folder).resolve())

    def test_an_offence_is_caught_and_innocent_code_is_not(self):
        for name, text, expected in SNIPPETS:
            with self.subTest(file=name, text=text):
                count, complaints = self.complaints_on(name, text)
                self.assertEqual(count, 1)
                if expected is None:
                    self.assertEqual(complaints, [])
                else:
                    self.assertTrue(any(expected in line for line in complaints), complaints)

    def test_a_complaint_names_file_and_line(self):
        _, complaints = self.complaints_on("host/base/id.cpp", '// one\n\n#include "host/domain/money.hpp"')
        self.assertTrue(complaints[0].startswith("host/base/id.cpp:3: "), complaints)

    def test_a_stale_exception_is_a_complaint(self):
        check_includes.HEAVY_ALLOWED["host/gone.hpp"] = {"spdlog": "was needed once"}
        _, complaints = self.complaints_on("host/base/id.cpp", "#include <string>")
        self.assertEqual(complaints, ["host/gone.hpp: is in HEAVY_ALLOWED but not in the tree"])


if __name__ == "__main__":
    unittest.main()
