#!/usr/bin/env python3
"""Each command of relancectl against a real relanced on the test clock, in text and as JSON, from a clean state."""
import itertools
import json
import os
import pty
import re
import shlex
import subprocess
import sys
import unicodedata
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from daemon_world import BUILD, World  # noqa: E402

SOURCE = Path(os.environ["RELANCE_SOURCE_DIR"])


def width(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


class CommandsTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.world.start_on_test_clock()
        self.ctl, self.ask = self.world.ctl, self.world.ask

    def open_ledger(self):
        self.world.import_ledger()
        self.ctl("onboard", "--skip-older-than", "900d")

    def test_imports_count_and_change_nothing_the_second_time(self):
        self.world.import_ledger()
        self.assertEqual(self.ask("status")["store"]["receivables_open"], 4)
        again = self.ask("import", "invoices", self.world.folder / "invoices.csv")["result"]
        self.assertEqual((again["rows"], again["added"], again["unchanged"], again["changed"]), (4, 0, 4, 0))
        self.assertIn("4 rows read, 4 taken, 0 not taken", self.ctl("import", "invoices", self.world.folder / "invoices.csv"))

    def test_a_dry_run_shows_the_difference_and_changes_nothing(self):
        self.world.import_ledger()
        text = self.world.folder.joinpath("invoices.csv").read_text().replace("120.00", "140.00")
        changed = self.world.write("changed.csv", text)
        shown = self.ask("import", "invoices", changed, "--dry-run")["result"]
        self.assertEqual((shown["changed"], shown["unchanged"]), (1, 3))
        self.assertTrue(any("F-1" in line for line in shown["differences"]), shown)
        self.assertRegex(self.ctl("import", "invoices", changed, "--dry-run"), r"(?s)dry run of .*difference: .*F-1.*140\.00")
        self.assertEqual(self.ask("explain", "F-1")["cases"][0]["items"][0]["amount"], "120.00 EUR")
        self.assertNotIn("difference", self.ctl("import", "invoices", changed))
        self.assertEqual(self.ask("explain", "F-1")["cases"][0]["items"][0]["amount"], "140.00 EUR")

    def test_bad_rows_are_filed_beside_the_input_and_good_ones_kept(self):
        self.ctl("import", "debtors", self.world.write("debtors.csv", "debtor_id,name,country\nD-1,Un,FR\n"))
        rows = ("debtor_id,invoice_number,issue_date,due_date,amount,currency\n"
                "D-1,F-1,2026-02-01,2026-02-30,10.00,EUR\nD-1,F-2,2026-02-01,2026-03-01,10.00,EUR\n"
                "D-1,F-3,2026-02-01,2026-03-01,10.00,XYZ\nD-9,F-4,2026-02-01,2026-03-01,10.00,EUR\n")
        bad = self.world.write("bad.csv", rows)
        out = self.ctl("import", "invoices", bad, code=1)
        self.assertIn("4 rows read, 1 taken, 3 not taken", out)
        rejects = bad.with_name("bad.csv.rejects.csv").read_text(encoding="utf-8-sig")
        self.assertIn("F-1", rejects)
        self.assertIn("F-3", rejects)
        self.assertIn("D-9", rejects)
        self.assertEqual(len(rejects.strip().splitlines()), 4)
        self.assertIn("bad.csv.rejects.csv", self.world.errors)
        # Corrected in place, it goes in with the same command.
        bad.with_name("bad.csv.rejects.csv").write_text(
            rejects.replace("2026-02-30", "2026-02-28").replace("XYZ", "EUR").replace("D-9,", "D-1,"), encoding="utf-8-sig")
        again = self.ask("import", "invoices", bad.with_name("bad.csv.rejects.csv"))["result"]
        self.assertEqual(again["added"], 3)

    def test_a_mapping_is_sent_along_or_named(self):
        mapping = ('separator = ";"\n[dates]\nstyles = ["dd/mm/yyyy"]\n[invoices.columns]\ndebtor_id = "client"\n')
        self.ctl("import", "debtors", self.world.write("debtors.csv", "debtor_id,name,country\nD-1,Un,FR\n"))
        table = self.world.write("i.csv", "client;invoice_number;issue_date;due_date;amount;currency\nD-1;F-1;01/02/2026;28/02/2026;10.00;EUR\n")
        self.world.write("mappings/mine.toml", mapping)
        self.assertEqual(self.ask("import", "invoices", table, "--map", "mine")["result"]["added"], 1)
        self.assertEqual(self.ask("import", "invoices", table, "--map", self.world.folder / "mappings/mine.toml")["result"]["unchanged"], 1)
        self.ctl("import", "invoices", table, "--map", "nobodys", code=1)
        self.assertIn("nobodys", self.world.errors)
        wrong = self.world.write("wrong.toml", "separator = 5\n")
        self.ctl("import", "invoices", table, "--map", wrong, code=1)
        self.assertIn("wrong.toml:1:", self.world.errors)
        self.ctl("import", "invoices", self.world.folder / "not-there.csv", code=2)

    def test_a_snapshot_settles_what_it_does_not_name(self):
        self.open_ledger()
        rows = (self.world.folder / "invoices.csv").read_text().splitlines()
        most = self.world.write("most.csv", "\n".join(rows[:2]) + "\n")
        self.ctl("import", "invoices", most, "--snapshot", code=1)  # three of four would vanish
        self.assertEqual(self.ask("status")["store"]["receivables_open"], 4)
        self.assertEqual(self.ask("import", "invoices", most, "--snapshot", "--confirm")["result"]["settled"], 3)
        self.assertEqual(self.ask("status")["store"]["receivables_open"], 1)

    def test_a_snapshot_with_a_bad_row_settles_nothing(self):
        self.open_ledger()
        rows = (self.world.folder / "invoices.csv").read_text().replace("55.00", "5x")
        self.ctl("import", "invoices", self.world.write("s.csv", rows), "--snapshot", "--confirm", code=1)
        self.assertEqual(self.ask("status")["store"]["receivables_open"], 4)

    def test_after_a_refused_snapshot_an_import_is_a_plain_one(self):
        self.open_ledger()
        whole = self.world.folder / "invoices.csv"
        most = self.world.write("most.csv", "\n".join(whole.read_text().splitlines()[:2]) + "\n")
        self.ctl("import", "invoices", most, "--snapshot", "--confirm")  # settles three
        bad = self.world.write("bad.csv", whole.read_text().replace("55.00", "5x"))
        self.ctl("import", "invoices", bad, "--snapshot", "--confirm", code=1)
        open_before = self.ask("status")["store"]["receivables_open"]
        self.ctl("import", "invoices", whole)  # the register once more: what was settled stays settled
        self.assertEqual(self.ask("status")["store"]["receivables_open"], open_before)

    def test_standard_input_is_a_file_too(self):
        self.assertIn("1 taken", self.ctl("import", "debtors", "-", stdin="debtor_id,name,country\nD-7,Sept,FR\n"))

    def test_nothing_leaves_before_onboarding(self):
        self.world.import_ledger()
        self.assertEqual(self.ask("onboard", "--preview")["items"], 4)
        self.ctl("clock", "advance", "10d", "--settle")
        self.assertEqual(self.ask("reminders")["reminders"], [])
        self.assertIn("started", self.ctl("onboard", "--start-at", "reminder-1"))
        self.ctl("onboard", code=2)
        self.ctl("onboard", "--start-at", "nonsense", code=1)

    def test_debtors_of_another_scenario_do_not_start_at_its_step_of_the_same_number(self):
        self.world.write("scenarios/short.toml", 'id = "short"\napplies_to = { segments = ["tiny"] }\n'
                         '[[step]]\nid = "reminder-1"\nafter = "5d"\nchannels = ["email"]\ntemplate = "words"\n'
                         '[[step]]\nid = "formal-notice"\nafter = "9d"\nchannels = ["email"]\ntemplate = "words"\napproval = "required"\n')
        self.ctl("reload")
        self.world.import_ledger()
        for step, said in (("call", "the scenario short has no step call"), ("formal-notice", "stands at different places"),
                           ("2", "the scenario short has no step 2")):
            self.ctl("onboard", "--start-at", step, code=1)
            self.assertIn(said, self.world.errors)
        self.assertIn("started", self.ctl("onboard", "--start-at", "reminder-1"))

    def test_the_way_of_a_reminder_can_be_followed(self):
        self.open_ledger()
        self.assertIn("Société Générale des Œufs", self.ctl("explain", "D-1"))
        explained = self.ask("explain", "F-1")
        self.assertEqual(explained["debtor"]["code"], "D-1")
        self.assertTrue(explained["cases"][0]["reasons"])
        self.ctl("explain", "nobody", code=1)
        simulated = self.ask("simulate", "--days", "30")["result"]
        self.assertGreater(sum(row["messages"] for row in simulated["rows"]), 3)
        self.assertIn("nothing was changed", self.ctl("simulate", "--days", "30"))
        self.assertEqual(self.ask("reminders")["reminders"], [])
        self.ctl("clock", "advance", "4d", "--settle")  # 2026-03-06: five days after the due date and more
        reminders = {row["debtor"]: row for row in self.ask("reminders")["reminders"]}
        self.assertEqual(set(reminders), {"D-1", "D-2", "D-3"})
        self.assertIn("120.00", reminders["D-1"]["total"])
        self.assertIn("reminder-1", self.ctl("reminders", "--debtor", "D-1"))
        status = self.ask("status")
        self.assertEqual(status["providers"][0]["handed_over"], 3)
        self.assertIn("株式会社", self.ctl("explain", "D-2"))
        self.assertIn("scripted", self.ctl("status"))
        self.assertRegex(self.ctl("status"), r"silent +1 ")
        self.assertIn("test clock", self.ctl("clock"))
        self.ctl("receipts")
        self.assertIn("receipts", self.ask("receipts"))
        self.ctl("receipts", "reparse", "--provider", "scripted")
        self.ctl("receipts", "reparse", "--provider", "nobody", code=1)
        self.assertIn("intent", self.ctl("journal", "--invoice", "F-1"))
        self.assertTrue(self.ask("journal", "--debtor", "D-1")["entries"])
        self.assertIn("intact", self.ctl("journal", "verify"))
        self.assertTrue(self.ask("journal", "verify")["intact"])

    def test_a_simulation_uses_only_channels_that_the_region_has_a_provider_for(self):
        self.world.edit("scenarios/standard.toml", 'channels = ["email"]', 'channels = ["sms", "email"]')
        self.ctl("reload")
        self.ctl("import", "debtors", self.world.write("d.csv", "debtor_id,name,country,email,mobile\nD-8,Huit,FR,accept@eight.example,+33 6 12 34 56 78\n"))
        self.ctl("import", "invoices", self.world.write("i.csv", "debtor_id,invoice_number,issue_date,due_date,amount,currency\n"
                                                        "D-8,F-8,2026-02-01,2026-02-27,10.00,EUR\n"))
        rows = self.ask("simulate", "--days", "30")["result"]["rows"]
        self.assertEqual({(row["step"], row["channel"]) for row in rows},
                         {("reminder-1", "email"), ("call", "task"), ("formal-notice", "email")})

    def test_what_may_have_been_sent_is_resolved_by_a_person(self):
        self.open_ledger()
        self.ctl("clock", "advance", "4d", "--settle")
        attempts = self.ask("in-doubt", "list")["attempts"]
        self.assertEqual([row["debtor"] for row in attempts], ["D-2"])
        self.assertIn("odd@two.example", self.ctl("in-doubt", "list"))
        attempt = attempts[0]["attempt"]
        self.ctl("in-doubt", "resolve", attempt, "--because", "asked", code=2)
        self.ctl("in-doubt", "resolve", attempt, "--sent", code=2)
        self.ctl("in-doubt", "resolve", "99999", "--sent", "--because", "asked", code=1)
        self.ctl("in-doubt", "resolve", attempt, "--sent", "--because", "the provider has it")
        self.assertEqual(self.ask("in-doubt", "list")["attempts"], [])
        self.assertIn("No attempt", self.ctl("in-doubt", "list"))

    def test_tasks_and_approvals_wait_for_people(self):
        self.open_ledger()
        self.ctl("clock", "advance", "14d", "--settle")
        tasks = self.ask("tasks", "list")["tasks"]
        self.assertIn("D-1", {task["debtor"] for task in tasks})
        self.assertIn("D-1", self.ctl("tasks", "list"))
        task = next(task["id"] for task in tasks if task["debtor"] == "D-1")
        self.ctl("tasks", "done", task, "--outcome", "nonsense", code=1)
        self.assertIn("/outcome", self.world.errors)
        self.ctl("tasks", "done", task, "--outcome", "reached", "--note", "paie vendredi")
        self.assertNotIn(task, {one["id"] for one in self.ask("tasks", "list")["tasks"]})
        self.assertIn(task, {one["id"] for one in self.ask("tasks", "list", "--all")["tasks"]})
        self.ctl("clock", "advance", "10d", "--settle")
        asked = self.ask("approvals", "list")["approvals"]
        self.assertIn("D-1", {one["debtor"] for one in asked})
        self.assertIn("formal-notice", self.ctl("approvals", "list"))
        self.ctl("approvals", "approve", code=2)
        self.ctl("approvals", "approve", "x", code=2)
        first = next(one["id"] for one in asked if one["debtor"] == "D-1")
        self.assertIn("1 approved", self.ctl("approvals", "approve", first))
        self.ctl("approvals", "reject", "--all")
        self.assertEqual(self.ask("approvals", "list")["approvals"], [])
        self.ctl("clock", "advance", "1h", "--settle")
        self.assertIn("formal-notice", {row["step"] for row in self.ask("reminders", "--debtor", "D-1")["reminders"]})

    def test_what_people_know_stops_reminders(self):
        self.open_ledger()
        self.ctl("promise", "--invoice", "F-1", "--date", "2026-03-20", "--amount", "120.00 EUR")
        self.ctl("dispute", "F-3", "--because", "damaged")
        self.ctl("hold", "--debtor", "D-3", "--until", "2026-04-15", "--because", "in talks")
        self.ctl("clock", "advance", "5d", "--settle")
        self.assertEqual(self.ask("reminders")["reminders"], [])
        self.assertIn("promised for 2026-03-20", self.ctl("explain", "F-1"))
        self.ctl("release", "--debtor", "D-3")
        self.ctl("dispute", "F-3", "--resolve", "--because", "replaced")
        self.ctl("clock", "advance", "2d", "--settle")
        self.assertEqual({row["debtor"] for row in self.ask("reminders")["reminders"]}, {"D-2", "D-3"})
        self.ctl("write-off", "F-4", "--because", "insolvent")
        self.assertIn("written off", self.ctl("explain", "F-4"))

    def test_the_facts_of_people_are_checked(self):
        self.open_ledger()
        self.ctl("promise", "--date", "2026-03-20", code=2)
        self.ctl("promise", "--invoice", "F-1", "--date", "20/03/2026", code=2)
        self.ctl("promise", "--invoice", "F-1", "--date", "2026-03-20", "--amount", "12 GBP", code=1)
        self.ctl("promise", "--invoice", "nobody", "--date", "2026-03-20", code=1)
        self.ctl("dispute", "nobody", "--because", "x", code=1)
        self.ctl("hold", "--because", "x", code=2)
        self.ctl("hold", "--debtor", "nobody", "--because", "x", code=1)
        self.ctl("write-off", "nobody", "--because", "x", code=1)
        self.ctl("dispute", "F-1", code=2)

    def test_addresses_are_suppressed_and_lifted(self):
        self.open_ledger()
        self.ctl("suppressions", "add", "email", "accept@one.example", "--because", "left")
        self.assertEqual(self.ask("suppressions", "list")["suppressions"][0]["address"], "accept@one.example")
        self.assertIn("suppressed", self.ctl("explain", "D-1"))
        self.ctl("suppressions", "lift", "email", "accept@one.example")
        self.assertIn("No address", self.ctl("suppressions", "list"))

    def test_pause_stops_before_the_next_submit_and_resume_goes_on(self):
        self.open_ledger()
        self.ctl("pause", "--because", "bank data is late")
        self.assertIn("PAUSED: bank data is late", self.ctl("status"))
        self.assertEqual(self.ask("status")["lag_ms"], 0)
        self.ctl("clock", "advance", "5d")
        self.assertEqual(self.ask("reminders")["reminders"], [])
        # Due since midnight in Paris of the fifth day after 2026-02-27, and it is 08:00 UTC of 2026-03-07.
        self.assertEqual(self.ask("status")["lag_ms"], (3 * 24 + 9) * 3600 * 1000)
        self.assertIn("lag 291,600,000 ms", self.ctl("status"))
        self.ctl("resume")
        self.ctl("clock", "advance", "1h", "--settle")
        self.assertEqual(len(self.ask("reminders")["reminders"]), 3)
        self.assertEqual(self.ask("status")["lag_ms"], 0)

    def test_a_reminder_is_sent_again_or_cancelled_with_a_reason(self):
        self.open_ledger()
        self.ctl("clock", "advance", "4d", "--settle")
        first = self.ask("reminders", "--debtor", "D-1")["reminders"][0]["id"]
        self.ctl("reminders", "resend", first, code=2)
        self.ctl("reminders", "resend", first, "--because", "lost in the spam folder")
        self.ctl("clock", "advance", "3d", "--settle")
        self.assertEqual(len(self.ask("reminders", "--debtor", "D-1")["reminders"]), 2)
        self.ctl("reminders", "cancel", first, "--because", "too late", code=1)
        self.ctl("reminders", "cancel", "99999", "--because", "x", code=1)

    def test_payments_settle_and_previews_show_what_would_leave(self):
        self.open_ledger()
        paid = self.world.write("p.csv", "payment_id,invoice_number,date,amount,currency\nP-1,F-1,2026-03-02,120.00,EUR\nP-2,F-404,2026-03-02,1.00,EUR\n")
        self.ctl("import", "payments", paid, code=1)
        self.assertIn("F-404", (self.world.folder / "p.csv.rejects.csv").read_text(encoding="utf-8-sig"))
        self.assertIn("F-1 is settled", self.ask("explain", "F-1")["note"])
        self.assertEqual([item["invoice"] for item in self.ask("explain", "D-1")["cases"][0]["items"]], ["F-2"])
        self.ctl("pause")
        self.ctl("clock", "advance", "5d")
        messages = self.ask("preview")["messages"]
        self.assertEqual({message["debtor"] for message in messages}, {"D-2", "D-3"})
        self.assertIn("F-3: ", self.ctl("preview", "--debtor", "D-2", "--full"))
        self.ctl("preview")

    def test_a_letter_can_be_looked_at_before_it_leaves(self):
        self.open_ledger()
        letter, fax = self.world.folder / "letter.pdf", self.world.folder / "fax.tiff"
        self.ctl("preview", "--debtor", "D-2", "--letter", letter, code=1)  # nothing would leave now
        self.assertFalse(letter.exists())
        self.ctl("pause")
        self.ctl("clock", "advance", "5d")
        self.assertIn("bytes", self.ctl("preview", "--debtor", "D-2", "--letter", letter))
        self.assertTrue(letter.read_bytes().startswith(b"%PDF-"))
        words = subprocess.run(["pdftotext", "-layout", letter, "-"], capture_output=True, text=True, check=True).stdout
        self.assertIn("F-3: ", words)
        self.assertEqual(self.ask("preview", "--debtor", "D-2", "--fax", fax)["bytes"], fax.stat().st_size)
        self.assertTrue(fax.read_bytes().startswith(b"II*"))
        self.ctl("preview", "--letter", letter, code=2)
        self.ctl("preview", "--debtor", "nobody", "--letter", letter, code=1)
        self.ctl("preview", "--debtor", "D-2", "--letter", self.world.folder / "no" / "folder.pdf", code=2)

    def test_the_configuration_is_checked_and_reloaded(self):
        self.assertIn("is right", self.ctl("config", "check"))
        self.world.edit("templates/words.en.toml", "to pay", "still to pay")
        self.assertIn("relancectl reload", self.ctl("config", "check"))
        self.ctl("reload")
        self.assertFalse(self.ask("config", "check")["differs"])
        self.world.write("templates/words.en.toml", "subject = 5\n")
        issues = self.ask("config", "check", code=1)["issues"]
        self.assertEqual((Path(issues[0]["file"]).name, issues[0]["line"]), ("words.en.toml", 1))

    def test_a_wrong_command_line_is_2_and_no_daemon_is_3(self):
        for words in (["nonsense"], ["tasks"], ["simulate"], ["simulate", "--days", "0"], ["clock", "advance", "soon"],
                      ["tasks", "done", "x", "--outcome", "done"], ["import", "invoices"], ["status", "--nonsense"]):
            self.ctl(*words, code=2)
        self.ctl("status", "--creditor", "nobody")  # of the whole daemon
        self.ctl("tasks", "list", "--creditor", "nobody", code=1)
        self.assertIn("acme", self.world.errors)
        self.world.stop()
        self.ctl("status", code=3)
        self.assertIn("RELANCE_SOCKET", self.world.errors)

    def test_tables_stand_under_each_other_whatever_the_script(self):
        self.open_ledger()
        self.ctl("clock", "advance", "14d", "--settle")
        lines = self.ctl("tasks", "list").splitlines()
        at = width(lines[0][:lines[0].index("KIND")])
        for line in lines[1:]:
            before = ""
            for c in line:
                if width(before) == at:
                    break
                before += c
            self.assertTrue(before.endswith("  ") and line[len(before)] != " ", line)

    def test_long_work_shows_a_bar_on_a_terminal_and_nowhere_else(self):
        self.open_ledger()
        rows = "".join(f"D-1,G-{n},2026-02-01,2026-03-27,1.00,EUR,{'x' * 90}\n" for n in range(20000))
        table = self.world.write("many.csv", "debtor_id,invoice_number,issue_date,due_date,amount,currency,reference\n" + rows)
        self.ctl("import", "invoices", table, "--dry-run")
        self.assertEqual(self.world.errors, "")
        master, terminal = pty.openpty()
        done = subprocess.Popen([BUILD / "bin/relancectl", "--socket", self.world.socket, "import", "invoices", table, "--dry-run"],
                                stdout=subprocess.DEVNULL, stderr=terminal)
        os.close(terminal)
        shown = b""
        try:
            while piece := os.read(master, 4096):
                shown += piece
        except OSError:
            pass  # the terminal's other end was closed
        os.close(master)
        self.assertEqual(done.wait(60), 0)
        self.assertRegex(shown.decode(), r"\[#+\.*\] +\d+ %  [\d,]+ rows")

    def test_every_command_has_help_with_an_example_and_stands_in_the_manual(self):
        page = subprocess.run([BUILD / "bin/relancectl", "--markdown"], text=True, capture_output=True, check=True).stdout
        self.assertEqual((SOURCE / "docs/for-operators/commands.md").read_text(), page,
                         "run: build/dev/bin/relancectl --markdown > docs/for-operators/commands.md")
        commands = re.findall(r"^## `relancectl ([^`]+)`", page, re.M)
        self.assertGreater(len(commands), 30)
        groups = {command.split()[0] for command in commands if " " in command}
        self.assertLessEqual(groups, set(commands))
        self.assertGreaterEqual(groups, {"approvals", "config", "import", "in-doubt", "suppressions", "tasks"})
        for command in commands:
            with self.subTest(command):
                self.its_help_is_whole(command)

    def its_help_is_whole(self, command):
        """What it is for, its exit codes, and an example of itself that passes every check this side of the socket."""
        shown = self.ctl(*command.split(), "--help")
        self.assertRegex(shown.splitlines()[0], r"^[A-Z].{8,}\.$")
        self.assertIn(f"Usage: relancectl {command} ", shown.replace("[OPTIONS]", " "))
        self.assertRegex(shown, r"Exit: 0 done; 1 .+; 2 .+; 3 ")
        example = re.search(r"^Example: relancectl (.+)$", shown, re.M).group(1)
        self.assertTrue((example + " ").startswith(command + " "), example)
        self.would_be_asked(example)

    def would_be_asked(self, line):
        """The command line passes every check this side of the socket: 3, nobody answers, and not 2."""
        for name in re.findall(r"[\w-]+\.csv", line):
            self.world.write(name, "")
        nobody = {**os.environ, "RELANCE_SOCKET": str(self.world.folder / "nobody.sock")}
        done = subprocess.run([BUILD / "bin/relancectl", *shlex.split(line, comments=True)], text=True, cwd=self.world.folder, env=nobody,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
        if line.startswith("plugin new "):  # asks no daemon, but wants the template, which is not in a build folder
            self.assertIn("template of a plugin is not installed", done.stderr)
        elif line.startswith("evidence verify "):  # asks no daemon either, but wants a container
            self.assertRegex(done.stderr, r"\.asice: No such file or directory")
        else:
            self.assertEqual(done.returncode, 3, f"relancectl {line}\n{done.stderr}")

    def test_the_command_lines_of_the_manuals_are_right(self):
        (self.world.folder / "config").symlink_to(SOURCE / "config")
        found = 0
        for page in (SOURCE / "docs/for-operators").glob("*.md"):
            for block in re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.M | re.S):
                for line in re.split(r"\n| && ", block):
                    if line.startswith("relancectl "):
                        with self.subTest(page.name, line=line):
                            self.would_be_asked(line.removeprefix("relancectl "))
                        found += 1
        self.assertGreater(found, 60)

    def test_the_help_of_the_whole_names_every_command_with_its_purpose(self):
        shown = self.ctl("--help")
        listed = re.findall(r"^  ([a-z-]+) {2,}([A-Z].*)$", shown.split("Subcommands:")[1], re.M)
        page = (SOURCE / "docs/for-operators/commands.md").read_text()
        self.assertEqual({name for name, _ in listed}, {words.split()[0] for words in re.findall(r"^## `relancectl ([^`]+)`", page, re.M)})

    def test_the_operators_pages_name_no_command_and_no_option_that_is_not_there(self):
        pages = SOURCE / "docs/for-operators"
        options = {command: set(re.findall(r"^- `(--[a-z-]+)", text, re.M)) for command, text in
                   re.findall(r"^## `relancectl ([^`]+)`\n(.*?)(?=^## |\Z)", (pages / "commands.md").read_text(), re.M | re.S)}
        seen = 0
        for page in [*pages.glob("*.md"), SOURCE / "README.md", *(SOURCE / "plugins").glob("*/README.md"), *(SOURCE / "config").rglob("*.toml")]:
            if page.name in ("commands.md", "messages.md"):  # made from the programs; the other's sentences have no code marks
                continue
            for said in re.findall(r"relancectl((?: +[^\s`|;&#()]+)+)", page.read_text()):
                said = [word.rstrip(".,:") for word in said.split()]
                words = [*itertools.takewhile(re.compile("[a-z][a-z-]*").fullmatch, said)]
                command = next((" ".join(words[:count]) for count in (2, 1) if " ".join(words[:count]) in options), None)
                if words:
                    self.assertIsNotNone(command, f"{page}: relancectl {' '.join(said)}")
                if command:
                    unknown = {word for word in said if word.startswith("--")} - options[command] - {"--json", "--socket", "--creditor", "--help"}
                    self.assertEqual(unknown, set(), f"{page}: relancectl {' '.join(said)}")
                    seen += 1
        self.assertGreater(seen, 50)

    def test_a_group_alone_shows_what_it_holds(self):
        self.ctl("tasks", code=2)
        self.assertIn("Usage: relancectl tasks", self.world.errors)
        self.assertIn("Say how a task ended", self.world.errors)

    def test_answers_of_errors_are_json_too(self):
        problem = json.loads(self.ctl("explain", "nobody", "--json", code=1))
        self.assertEqual((problem["status"], problem["type"]), (404, "urn:relance:problem:not-found"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
