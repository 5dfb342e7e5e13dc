#!/usr/bin/env python3
"""A person's desk against a real relanced on the test clock: call lists, scripts, and what each outcome does to the case."""
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from daemon_world import World  # noqa: E402

DEBTORS = """debtor_id,name,country,region,language,email,phone,street,postal_code,city
D-1,Un SARL,FR,FR,en,accept@one.example,+33 1 23 45 67 89,1 rue Haute,75001,Paris
D-2,Deux SARL,FR,FR,en,accept@two.example,+33 1 23 45 67 90,2 rue Haute,75001,Paris
"""
INVOICES = """debtor_id,invoice_number,issue_date,due_date,amount,currency
D-1,F-1,2026-02-01,2026-02-27,120.00,EUR
D-1,F-2,2026-02-01,2026-02-27,80.50,EUR
D-2,F-3,2026-02-01,2026-02-27,55.00,EUR
"""
CALL = '''subject = "Call {{debtor.name}}: {{total}}"
text = "please pay"
call = """Good morning, this is {{creditor.name}}.
{{#items}}{{number}} of {{due}}: {{balance}}
{{/items}}"""
'''


class TasksTest(unittest.TestCase):
    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.close)
        self.ctl, self.ask = self.world.ctl, self.world.ask

    def open(self, **steps):
        """Everybody has the call of the second step to do."""
        self.world.write("templates/call.en.toml", CALL)
        self.world.edit("scenarios/standard.toml", 'channels = ["task"]', 'channels = ["task"]\ntemplate = "call"')
        for old, new in steps.get("edits", []):
            self.world.edit("scenarios/standard.toml", old, new)
        self.world.start_on_test_clock()
        self.ctl("import", "debtors", self.world.write("debtors.csv", DEBTORS))
        self.ctl("import", "invoices", self.world.write("invoices.csv", INVOICES))
        self.ctl("onboard", "--skip-older-than", "900d")
        self.ctl("clock", "advance", "14d", "--settle")
        return {task["debtor"]: task["id"] for task in self.ask("tasks", "list")["tasks"]}

    def desk(self, debtor, *more):
        return [task for task in self.ask("tasks", "list", *more)["tasks"] if task["debtor"] == debtor]

    def explain(self, debtor):
        return self.ask("explain", debtor)

    def test_a_call_list_has_numbers_and_a_task_its_script(self):
        tasks = self.open()
        self.assertEqual(set(tasks), {"D-1", "D-2"})
        calls = self.ctl("tasks", "list", "--calls")
        self.assertIn("+33123456789", calls)
        self.assertIn("Call Un SARL: €200.50", calls)
        self.assertEqual(self.ask("tasks", "list", "--visits")["tasks"], [])
        shown = self.ask("tasks", "show", tasks["D-1"])
        self.assertEqual(shown["way"], "call")
        self.assertIn("Good morning, this is Acme SAS.\nF-1 of", shown["script"])
        self.assertEqual([(row["invoice"], row["balance"]) for row in shown["invoices"]], [("F-1", "120.00 EUR"), ("F-2", "80.50 EUR")])
        text = self.ctl("tasks", "show", tasks["D-1"])
        self.assertIn("Good morning", text)
        self.assertIn("owes 120.00 EUR of F-1", text)
        self.ctl("tasks", "show", 99, code=1)
        self.ctl("tasks", "list", "--calls", "--visits", code=2)

    def test_reached_is_a_receipt_of_the_reminder(self):
        tasks = self.open()
        self.ctl("tasks", "done", tasks["D-1"], "--outcome", "reached", "--note", "will look into it")
        call = next(row for row in self.ask("reminders", "--debtor", "D-1")["reminders"] if row["channel"] == "task")
        self.assertEqual(call["delivery"], "delivered")
        self.assertIn("will look into it", self.ctl("journal", "--invoice", "F-1"))
        done = self.desk("D-1", "--all")[0]
        self.assertEqual((done["state"], done["outcome"], done["note"]), ("done", "reached", "will look into it"))
        self.ctl("tasks", "done", tasks["D-1"], "--outcome", "reached", code=1)

    def test_a_promise_rests_the_case_and_its_break_goes_on(self):
        tasks = self.open()
        task = tasks["D-1"]
        for words in (["--outcome", "promise"], ["--outcome", "promise", "--date", "2026-03-20", "--amount", "5 GBP"],
                      ["--outcome", "reached", "--date", "2026-03-20"],
                      ["--outcome", "promise", "--date", "2026-03-20", "--invoice", "F-3"]):
            self.ctl("tasks", "done", task, *words, code=1)
            self.assertEqual(self.desk("D-1")[0]["id"], task, words)  # nothing was done in part
            self.assertEqual(self.ask("status")["store"]["promises_open"], 0)
        self.ctl("tasks", "done", task, "--outcome", "promise", "--date", "2026-03-20", "--amount", "100.00 EUR", "--note", "by transfer")
        self.assertIn("promised for 2026-03-20, 100.00 EUR missing", self.ctl("explain", "D-1"))
        self.assertEqual(self.explain("D-1")["cases"][0]["decision"], "wait")
        self.assertEqual(self.desk("D-1"), [])
        self.ctl("clock", "advance", "20d", "--settle")  # nobody pays: the next step asks for its approval
        self.assertEqual(self.ask("status")["store"]["promises_open"], 0)
        self.assertIn("D-1", {row["debtor"] for row in self.ask("approvals", "list")["approvals"]})

    def test_a_dispute_takes_the_invoices_out_or_one_of_them(self):
        tasks = self.open()
        self.ctl("tasks", "done", tasks["D-1"], "--outcome", "dispute", code=1)
        self.ctl("tasks", "done", tasks["D-1"], "--outcome", "dispute", "--invoice", "F-2", "--reason", "two pallets missing")
        states = {row["invoice"]: row["state"] for row in self.explain("D-1")["cases"][0]["items"]}
        self.assertEqual(states, {"F-1": "open", "F-2": "disputed"})
        self.assertIn("two pallets missing", self.ctl("journal", "--invoice", "F-2"))
        self.ctl("tasks", "done", tasks["D-2"], "--outcome", "dispute", "--reason", "never ordered")
        self.assertEqual(self.explain("D-2")["cases"][0]["items"][0]["state"], "disputed")

    def test_a_wrong_number_is_not_called_again_and_the_next_channel_has_its_turn(self):
        tasks = self.open(edits=[('channels = ["task"]', 'channels = ["task", "email"]')])
        before = len((self.world.folder / "peer/sent").read_text().splitlines())
        self.ctl("tasks", "done", tasks["D-1"], "--outcome", "wrong-number", "--note", "a bakery")
        contacts = {row["channel"]: row for row in self.explain("D-1")["debtor"]["contacts"]}
        self.assertTrue(contacts["task"]["suppressed"])
        self.assertFalse(contacts["email"]["suppressed"])
        self.ctl("clock", "advance", "1d", "--settle")
        self.assertEqual(len((self.world.folder / "peer/sent").read_text().splitlines()), before + 1)
        self.assertEqual(self.desk("D-1"), [])

    def test_without_another_channel_somebody_finds_another_number(self):
        tasks = self.open()
        self.ctl("tasks", "done", tasks["D-2"], "--outcome", "wrong-number")
        self.ctl("clock", "advance", "1h", "--settle")
        again = self.desk("D-2")
        self.assertEqual([task["kind"] for task in again], ["channels_exhausted"])
        self.assertEqual((again[0]["way"], again[0]["phone"]), ("call", ""))

    def test_call_back_moves_the_task_and_keeps_it(self):
        tasks = self.open()
        task = tasks["D-1"]
        now = self.ask("status")["business_time"]
        for wrong in ("tomorrow", "2026-01-01T10:00", "2027-03-20T10:00", "2026-03-20T25:00"):
            self.ctl("tasks", "done", task, "--outcome", "call-back", "--at", wrong, code=1)
        self.assertGreater("2026-03-20", now[:10])
        self.ctl("tasks", "done", task, "--outcome", "call-back", "--at", "2026-03-20T14:30", "--note", "in a meeting")
        row = self.desk("D-1")[0]
        self.assertEqual((row["id"], row["state"], row["put_off"], row["due_at"]), (task, "open", 1, "2026-03-20T13:30:00Z"))
        self.assertEqual({one["debtor"] for one in self.ask("tasks", "list", "--calls", "--due")["tasks"]}, {"D-2"})
        self.assertEqual([one["debtor"] for one in self.ask("tasks", "list", "--calls")["tasks"]], ["D-2", "D-1"])
        self.ctl("clock", "advance", "4d", "--settle")
        self.ctl("clock", "advance", "330m", "--settle")
        self.assertIn("D-1", {one["debtor"] for one in self.ask("tasks", "list", "--calls", "--due")["tasks"]})
        self.assertIn("in a meeting", self.ctl("tasks", "show", task))
        self.ctl("tasks", "done", task, "--outcome", "reached")
        self.assertEqual(self.desk("D-1"), [])

    def test_a_visit_has_an_address_and_is_no_call(self):
        self.open(edits=[('id = "call"', 'id = "call"\nservice = "visit"')])
        self.assertEqual(self.ask("tasks", "list", "--calls")["tasks"], [])
        self.assertIn("Un SARL, 1 rue Haute, 75001 PARIS", self.ctl("tasks", "list", "--visits"))
        task = self.desk("D-1", "--visits")[0]["id"]
        self.ctl("tasks", "done", task, "--outcome", "wrong-number", "--note", "moved away")
        contacts = {row["channel"]: row for row in self.explain("D-1")["debtor"]["contacts"]}
        self.assertTrue(contacts["postal"]["suppressed"])
        self.assertFalse(contacts["task"]["suppressed"])

    def test_a_visit_by_e_mail_is_a_fault_of_the_configuration(self):
        self.world.edit("scenarios/standard.toml", 'id = "reminder-1"', 'id = "reminder-1"\nservice = "visit"')
        code, output = self.world.run_daemon("--check-config")
        self.assertEqual(code, 78, output)
        self.assertRegex(output, r"standard\.toml:6:\d+: error: a visit is a person's")

    def test_what_is_said_is_erased_with_the_person(self):
        tasks = self.open()
        self.ctl("tasks", "done", tasks["D-1"], "--outcome", "reached", "--note", "her son answered")
        self.ctl("erase", "D-1")
        self.assertNotIn("her son", self.ctl("tasks", "list", "--all", "--json"))
        self.assertNotIn("Un SARL", self.ctl("tasks", "show", tasks["D-1"], "--json"))
        self.ctl("journal", "verify")


if __name__ == "__main__":
    unittest.main(verbosity=2)
