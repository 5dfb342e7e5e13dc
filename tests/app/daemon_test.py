#!/usr/bin/env python3
"""relanced as a process: its exit codes, signals, readiness, lock, socket, and what a kill leaves behind."""
import contextlib
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from daemon_world import BUILD, PATIENCE, World  # noqa: E402


def children_of(pid):
    return [child for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]


class DaemonTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)

    def test_a_right_configuration_is_said_to_be_right(self):
        code, output = self.world.run_daemon("--check-config")
        self.assertEqual(code, 0, output)
        self.assertIn("the configuration is right", output)
        self.assertFalse((self.world.folder / "state").exists(), "a check makes nothing")

    def test_every_fault_of_a_configuration_is_printed_with_its_place(self):
        self.world.write("scenarios/standard.toml", 'id = "standard"\n[[step]]\nid = "a"\nafter = 5\nchanels = ["email"]\n')
        for arguments in (["--check-config"], []):
            code, output = self.world.run_daemon(*arguments)
            self.assertEqual(code, 78, output)
            self.assertRegex(output, r"standard\.toml:4:\d+: error: ")
            self.assertRegex(output, r"standard\.toml:5:\d+: error: .*channels")

    def test_a_template_that_cannot_be_filled_is_a_configuration_fault(self):
        self.world.write("templates/words.en.toml", 'subject = "{{nobody_knows}}"\ntext = "x"\n')
        code, output = self.world.run_daemon("--check-config")
        self.assertEqual(code, 78, output)
        self.assertIn("words.en.toml:1:", output)

    def test_a_wrong_command_line_is_64(self):
        for arguments in (["--nonsense"], ["--test-clock-start", "2026-03-02T08:00:00Z"], ["--test-clock", "--test-clock-start", "soon"]):
            code, output = self.world.run_daemon(*arguments)
            self.assertEqual(code, 64, output)
        self.assertEqual(subprocess.run([BUILD / "bin/relanced"], capture_output=True).returncode, 64)

    def test_help_and_version_end_well(self):
        for word in ("--help", "--version"):
            self.assertEqual(subprocess.run([BUILD / "bin/relanced", word], capture_output=True).returncode, 0)

    def test_a_plugin_that_is_missing_is_a_fault_of_the_configuration(self):
        for placement in ("inproc", "child"):
            for arguments in (["--check-config"], []):
                with self.subTest(placement, arguments=arguments):
                    self.world.write("providers/scripted.toml",
                                     f'id = "scripted"\nplugin = "not_there"\nchannel = "email"\nplacement = "{placement}"\n')
                    code, output = self.world.run_daemon(*arguments)
                    self.assertEqual(code, 78, output)
                    self.assertRegex(output, r"scripted\.toml:2:\d+: .*not_there\.so' does not exist")

    def test_settings_that_the_plugin_refuses_are_found_by_the_check_with_their_place(self):
        for placement in ("inproc", "child"):
            for arguments in (["--check-config"], []):
                with self.subTest(placement, arguments=arguments):
                    self.world.write("providers/scripted.toml", f'id = "scripted"\nplugin = "scripted"\nchannel = "email"\n'
                                     f'placement = "{placement}"\n[settings]\nsent_log = "x"\nmode = "refuse"\n')
                    code, output = self.world.run_daemon(*arguments)
                    self.assertEqual(code, 78, output)
                    self.assertRegex(output, r"scripted\.toml:7:\d+: .*refused by")
        self.world.edit("providers/scripted.toml", 'mode = "refuse"', "")
        self.assertEqual(self.world.run_daemon("--check-config")[0], 0)

    def test_why_a_plugin_does_not_start_stands_in_the_log_without_its_secrets(self):
        self.world.write("secret", "thrown by")
        for placement in ("inproc", "child"):
            with self.subTest(placement):
                self.world.write("providers/scripted.toml", 'id = "scripted"\nplugin = "scripted"\nchannel = "email"\n'
                                 f'placement = "{placement}"\n[settings]\nsent_log = {{ file = "../secret" }}\nmode = "throw"\n')
                code, output = self.world.run_daemon()
                self.assertNotEqual(code, 0, output)
                self.assertRegex(output, r'PROVIDER_COMPLAINS .*where create; what \*\*\* create"')

    def test_a_credential_that_only_systemd_gives_is_no_fault_by_hand_but_stops_the_start(self):
        self.world.write("providers/scripted.toml", 'id = "scripted"\nplugin = "scripted"\nchannel = "email"\n[settings]\n'
                         'sent_log = { credential = "pass" }\n')
        place = r"scripted\.toml:5:\d+: "
        code, output = self.world.run_daemon("--check-config")
        self.assertEqual(code, 0, output)
        self.assertRegex(output, place + "warning: not looked at: .*LoadCredential=pass:FILE.*CREDENTIALS_DIRECTORY")
        code, output = self.world.run_daemon()
        self.assertEqual(code, 78, output)
        self.assertRegex(output, place + "error: .*LoadCredential=pass:FILE.*CREDENTIALS_DIRECTORY")

    def test_it_is_ready_soon_and_stops_on_sigterm(self):
        took = self.world.start()
        inside = int(self.world.logged().split('milliseconds="')[1].split('"')[0])
        print(f"ready after {took:.0f} ms, {inside} ms of them its own count")
        self.assertEqual(stat.S_IMODE(os.stat(self.world.socket).st_mode), 0o600)
        self.assertEqual(self.world.stop(), 0)
        self.assertFalse(self.world.socket.exists())
        self.assertIn("DAEMON_STOPPED", self.world.logged())

    def test_systemd_is_told_that_it_stops(self):
        self.world.start()
        self.world.daemon.send_signal(signal.SIGINT)
        self.world.await_notice("STOPPING=1")
        self.assertEqual(self.world.daemon.wait(60), 0)

    def test_sighup_takes_a_right_configuration(self):
        self.world.start()
        before = self.world.ask("status")["configuration"]["version"]
        self.world.write("templates/words.en.toml", 'subject = "new words"\ntext = "x"\n')
        self.world.daemon.send_signal(signal.SIGHUP)
        self.world.await_notice("RELOADING=1")
        self.assertIn("STATUS=running", self.world.await_notice("READY=1"))
        self.assertNotEqual(self.world.ask("status")["configuration"]["version"], before)
        self.assertIn("DAEMON_RELOADED", self.world.logged())

    def test_sighup_keeps_the_old_configuration_when_the_new_one_is_wrong(self):
        self.world.start()
        before = self.world.ask("status")["configuration"]["version"]
        self.world.write("regions/FR.toml", "nonsense = 1\n")
        self.world.daemon.send_signal(signal.SIGHUP)
        self.assertIn("FR.toml", self.world.await_notice("READY=1"))
        self.assertEqual(self.world.ask("status")["configuration"]["version"], before)
        self.assertIn("DAEMON_RELOAD_REFUSED", self.world.logged())
        self.assertIn("FR.toml", self.world.ctl("config", "check", code=1))
        self.world.ctl("reload", code=1)
        self.assertIn("FR.toml", self.world.errors)

    def test_a_second_daemon_on_the_same_store_is_told_who_has_it(self):
        self.world.start()
        self.world.edit("relanced.toml", "c.sock", "d.sock")
        code, output = self.world.run_daemon()
        self.assertEqual(code, 75, output)
        self.assertIn(str(self.world.daemon.pid), output)

    def test_a_second_daemon_on_the_same_socket_leaves_it_alone(self):
        self.world.start()
        self.world.edit("relanced.toml", "/state", "/other")
        code, output = self.world.run_daemon()
        self.assertEqual(code, 75, output)
        self.assertEqual(self.world.ask("status")["process"], self.world.daemon.pid)

    def test_a_killed_daemon_starts_again_over_what_it_left(self):
        self.world.start()
        self.world.stop(signal.SIGKILL)
        self.assertTrue(self.world.socket.exists())
        self.world.start()
        self.assertEqual(self.world.ask("status")["process"], self.world.daemon.pid)
        self.assertEqual(self.world.stop(), 0)

    def test_a_store_of_the_test_clock_is_refused_without_it(self):
        self.world.start_on_test_clock()
        self.assertEqual(self.world.ask("clock")["business_time"], "2026-03-02T08:00:00Z")
        self.world.stop()
        code, output = self.world.run_daemon()
        self.assertNotEqual(code, 0)
        self.assertIn("--test-clock", output)

    def test_a_backup_taken_while_it_runs_can_be_looked_at_before_anything_is_sent(self):
        self.world.start_on_test_clock()
        self.world.import_ledger()
        self.world.ctl("onboard", "--start-at", "reminder-1")
        store, backup = self.world.folder / "state/relance.db", self.world.folder / "backup.db"
        with contextlib.closing(sqlite3.connect(store)) as live, contextlib.closing(sqlite3.connect(backup)) as copy:
            live.backup(copy)
        self.world.ctl("clock", "advance", "4d", "--settle")
        sent = (self.world.folder / "peer/sent").read_text()
        self.assertTrue(sent)
        self.world.stop()
        for name in ("relance.db-wal", "relance.db-shm"):
            store.with_name(name).unlink(missing_ok=True)
        shutil.copy(backup, store)

        self.world.start("--test-clock", "--paused")
        self.assertIn("PAUSED: started with --paused", self.world.ctl("status"))
        self.assertIn("intact", self.world.ctl("journal", "verify"))
        self.world.ctl("clock", "advance", "4d")
        self.assertEqual({message["debtor"] for message in self.world.ask("preview")["messages"]}, {"D-1", "D-2", "D-3"})
        self.world.ctl("hold", "--debtor", "D-1", "--until", "2026-03-13", "--because", "reminded after the backup")
        self.world.stop()
        self.world.start_on_test_clock()  # the pause outlives a restart
        self.assertEqual((self.world.folder / "peer/sent").read_text(), sent)
        self.world.ctl("resume")
        self.world.ctl("clock", "advance", "1h", "--settle")
        self.assertEqual({row["debtor"] for row in self.world.ask("reminders")["reminders"]}, {"D-2", "D-3"})
        self.assertEqual((self.world.folder / "peer/sent").read_text(), sent)

    def test_a_folder_that_cannot_be_made_is_74(self):
        self.world.write("file", "")
        self.world.edit("relanced.toml", "/state", "/file/state")
        code, output = self.world.run_daemon()
        self.assertEqual(code, 74, output)

    def test_a_message_under_way_does_not_keep_it_and_is_in_doubt_afterwards(self):
        self.world.start_on_test_clock()
        self.world.import_ledger()
        self.world.ctl("import", "debtors", self.world.write("more.csv", "debtor_id,name,country,email\nD-3,Trois,FR,forget@three.example\n"))
        self.world.ctl("onboard", "--start-at", "reminder-1")
        self.world.ctl("clock", "advance", "3d")
        self.assertEqual(self.world.ask("status")["store"]["attempts_open"], 1)
        began = time.monotonic()
        self.assertEqual(self.world.stop(), 0)
        self.assertGreater(time.monotonic() - began, 1.5, "it waits for stop_grace, 2 s")
        self.world.start_on_test_clock()
        self.assertIn("D-3", {row["debtor"] for row in self.world.ask("in-doubt", "list")["attempts"]})

    def test_plugins_run_in_children_that_end_with_it(self):
        world = World(placement="child")
        self.addCleanup(world.close)
        world.start_on_test_clock()
        world.import_ledger()
        world.ctl("onboard", "--start-at", "reminder-1")
        world.ctl("clock", "advance", "4d", "--settle")
        self.assertEqual(len(world.ask("reminders")["reminders"]), 3)
        children = children_of(world.daemon.pid)
        self.assertEqual(len(children), 1)
        self.assertEqual(world.stop(), 0)
        self.assertFalse(Path("/proc", children[0]).exists())

    def test_a_provider_whose_child_keeps_dying_is_quarantined_until_a_reload(self):
        world = World(placement="child")
        self.addCleanup(world.close)
        world.edit("providers/scripted.toml", "[sandbox]", "quarantine_after = 2\n[sandbox]")
        world.start_on_test_clock()

        def await_state(state):
            deadline = time.monotonic() + PATIENCE
            while (found := next(p for p in world.ask("status")["providers"] if p["id"] == "scripted"))["state"] != state:
                self.assertLess(time.monotonic(), deadline, found)
            return found

        first = children_of(world.daemon.pid)[0]
        os.kill(int(first), signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE
        while not (second := [c for c in children_of(world.daemon.pid) if c != first]):
            self.assertLess(time.monotonic(), deadline)
        os.kill(int(second[0]), signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE
        while "quarantined" not in (because := await_state("down")["because"]):
            self.assertLess(time.monotonic(), deadline, because)
        self.assertIn("ended 2 times", because)
        self.assertIn("relancectl reload", because)
        self.assertEqual(children_of(world.daemon.pid), [])
        world.ctl("reload")
        self.assertEqual(await_state("up")["sandbox"], "full")

    def test_a_child_that_starts_after_an_upgrade_is_still_of_the_running_program(self):
        world = World(placement="child")
        self.addCleanup(world.close)
        world.program = shutil.copy(BUILD / "bin/relanced", world.folder)
        world.start_on_test_clock()
        world.import_ledger()
        os.unlink(world.program)
        world.write("relanced", "the next version\n").chmod(0o755)
        child = children_of(world.daemon.pid)[0]
        os.kill(int(child), signal.SIGKILL)
        world.ctl("onboard", "--start-at", "reminder-1")
        world.ctl("clock", "advance", "4d", "--settle")
        self.assertEqual(len(world.ask("reminders")["reminders"]), 3)
        self.assertNotIn(child, children_of(world.daemon.pid))
        self.assertTrue((world.folder / "peer/sent").read_text())

    def test_old_payment_data_holds_reminders_until_payments_are_imported(self):
        self.world.edit("relanced.toml", "[limits]", '[limits]\nmax_payment_data_age = "2d"')
        self.world.start_on_test_clock()
        self.world.import_ledger()
        self.world.ctl("onboard", "--start-at", "reminder-1")
        empty = "payment_id,invoice_number,date,amount,currency\n"
        self.world.ctl("import", "payments", self.world.write("none.csv", empty))
        self.world.ctl("clock", "advance", "2d")
        self.world.ctl("clock", "advance", "4d", "--settle")
        sent = {row["debtor"] for row in self.world.ask("reminders")["reminders"]}
        self.assertEqual(sent, {"D-1", "D-2", "D-3"}, "decided while the data was fresh")
        self.world.ctl("clock", "advance", "6d", "--settle")
        self.assertIn("payment data", self.world.ask("explain", "D-1")["note"])
        self.assertIn("payment data", self.world.ctl("status"))
        self.assertNotIn("D-1", {task["debtor"] for task in self.world.ask("tasks", "list")["tasks"]})
        self.world.ctl("import", "payments", self.world.write("none.csv", empty))
        self.world.ctl("clock", "advance", "1h", "--settle")
        self.assertIn("D-1", {task["debtor"] for task in self.world.ask("tasks", "list")["tasks"]})

    def test_many_ask_at_once_while_business_time_passes(self):
        self.world.start_on_test_clock()
        self.world.import_ledger()
        self.world.ctl("onboard", "--start-at", "reminder-1")
        askers = [subprocess.Popen([BUILD / "bin/relancectl", "--socket", self.world.socket, *words], stdout=subprocess.DEVNULL)
                  for words in (["clock", "advance", "30d", "--settle"], *[["status"], ["explain", "D-1"], ["journal"], ["preview"]] * 5)]
        self.assertEqual([asker.wait(60) for asker in askers], [0] * 21)

    def test_a_round_through_the_engine_feeds_the_watchdog(self):
        os.environ["WATCHDOG_USEC"] = "200000"
        self.addCleanup(os.environ.pop, "WATCHDOG_USEC")
        self.world.start()
        self.world.await_notice("WATCHDOG=1")
        self.world.await_notice("WATCHDOG=1")


if __name__ == "__main__":
    unittest.main(verbosity=2)
