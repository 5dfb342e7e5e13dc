// Every mistake that an operator can make, with the exact message: where it is, what is wrong and what to do
// about it. Each case replaces one file of a configuration that is right (or adds one). "@creditor" stands
// for a right one.
#include "tests/config/config_folder.hpp"

#include <boost/test/unit_test.hpp>

namespace relance::config {
BOOST_AUTO_TEST_SUITE(broken_files_test)

using test::ConfigFolder;

struct Broken {
  const char *file, *text, *issues;
};

constexpr std::string_view kCreditor{R"([[creditor]]
code = "acme"
name = "Acme"
country = "FR"
region = "FR"
language = "fr"
sender.email = { name = "Acme", address = "acme@example.com" }
)"};

std::string written(std::string text) {
  constexpr std::string_view kPlace{"@creditor\n"};
  for (auto at = text.find(kPlace); at != std::string::npos; at = text.find(kPlace))
    text.replace(at, kPlace.size(), kCreditor);
  return text;
}

void check(std::span<const Broken> cases) {
  for (const auto &broken : cases) {
    ConfigFolder folder;
    folder.write(broken.file, written(broken.text));
    BOOST_TEST(folder.issues() == broken.issues, "\n--- " << broken.file << '\n'
                                                          << broken.text << "--- gives\n"
                                                          << folder.issues());
  }
}

constexpr Broken kRelanced[]{
    {"relanced.toml", R"(stat = "x"
@creditor
)",
     R"(relanced.toml:1:1: error: unknown key "stat"; did you mean "state"?
)"},
    {"relanced.toml", R"(state = 5
@creditor
)",
     R"(relanced.toml:1:9: error: "state" is an integer, but must be a text; write state = "…"
)"},
    {"relanced.toml", R"(state = "a
b"
@creditor
)",
     R"(relanced.toml:1:11: error: not TOML: Error while parsing string: unescaped control characters other than TAB (U+0009) are explicitly prohibited
)"},
    {"relanced.toml", R"(state = "a\nb"
@creditor
)",
     R"(relanced.toml:1:9: error: "state" holds a control character; write it on one line
)"},
    {"relanced.toml", R"([limits]
claim_batch = 0
@creditor
)",
     R"(relanced.toml:2:15: error: "claim_batch" is 0, but must be from 1 to 10000
)"},
    {"relanced.toml", R"([limits]
poll_every = "1 minute"
stop_grace = "1h"
@creditor
)",
     R"(relanced.toml:2:14: error: "1 minute" is no duration; write "250ms", "30s", "15m", "12h" or "7d"
relanced.toml:3:14: error: "stop_grace" is "1h", but must be from 0ms to 600000ms
)"},
    {"relanced.toml", R"([http]
proxy = "http://user:password@proxy.example.com"
ca_file = "gone.pem"
hosts = ["api.example.com"]
@creditor
)",
     R"(relanced.toml:2:9: error: this is no proxy; write "http://proxy.example.com:3128" (or https://, socks5h://), without a name and a password in it
relanced.toml:3:11: error: there is no file gone.pem; it holds certificates as PEM
relanced.toml:4:1: error: unknown key "hosts"; known: proxy, no_proxy, ca_file
)"},
    {"relanced.toml", R"([retention]
messages = "6"
proofs = "0y"
inbound = "forever"
unknown = "18mo"
@creditor
)",
     R"(relanced.toml:2:12: error: "6" is no period of retention; write whole years as "10y", or "forever"
relanced.toml:3:10: error: "0y" is no period of retention; write whole years as "10y", or "forever"
relanced.toml:5:11: error: "18mo" is no period of retention; write whole years as "10y", or "forever"
)"},
    {"relanced.toml", R"([log]
level = "verbose"
target = "stdrr"
@creditor
)",
     R"(relanced.toml:2:9: error: "level" cannot be "verbose"; known: debug, info, warning, error
relanced.toml:3:10: error: "target" cannot be "stdrr"; did you mean "stderr"?
)"},
    {"relanced.toml", R"([folders]
regions = "gone"
@creditor
)",
     R"(relanced.toml: error: there is no region; add regions/FR.toml
relanced.toml:2:11: error: there is no folder gone; create it or correct the path
relanced.toml:7:10: error: there is no region "FR"; add regions/FR.toml
)"},
    {"relanced.toml", R"(@creditor
[[creditor.account]]
currency = "EUR"
iban = "FR1420041010050500013M02607"
)",
     R"(relanced.toml:10:8: error: "FR1420041010050500013M02607" has wrong check digits; compare it with the bank's document
)"},
    {"relanced.toml", R"(@creditor
[[creditor.account]]
currency = "EUX"
iban = "12"
bic = "X"
)",
     R"(relanced.toml:9:12: error: 'EUX' is not a currency; write its ISO 4217 code, as EUR or GBP
relanced.toml:10:8: error: "12" is no IBAN: two capital letters, then 13 to 32 letters and digits
relanced.toml:11:7: error: "X" is no BIC; it has 8 or 11 capital letters and digits
)"},
    {"relanced.toml", R"(@creditor
currencies = ["EUR"]
)",
     R"(relanced.toml:8:15: error: creditor "acme" invoices in EUR and has no bank account for it; add [[creditor.account]] with currency = "EUR"
)"},
    {"relanced.toml", R"(@creditor
[[creditor.account]]
currency = "EUR"
iban = "FR1420041010050500013M02606"
[[creditor.account]]
currency = "EUR"
iban = "FR1420041010050500013M02606"
)",
     R"(relanced.toml:12:12: error: a second bank account in EUR; a debtor must not have to choose, keep one a currency
)"},
    {"relanced.toml", R"(@creditor
@creditor
)",
     R"(relanced.toml:9:8: error: a second creditor "acme"; the first is in relanced.toml:2:8
)"},
    {"relanced.toml", R"(@creditor
[[creditor]]
code = "b c"
name = ""
country = "fr"
region = "FX"
language = "french"
sender.mail = {}
sender.email = { address = "nobody" }
)",
     R"(relanced.toml:9:8: error: "b c" cannot be an id; use 1 to 64 letters, digits, '-' and '_'
relanced.toml:10:8: error: "name" is empty; write name = "Exemple SAS"
relanced.toml:11:11: error: "fr" is no country code; write two capital letters, such as "FR"
relanced.toml:12:10: error: there is no region "FX"; did you mean "FR"?
relanced.toml:13:12: error: "french" is no language; write two small letters, such as "fr" or "fr-BE"
relanced.toml:14:8: error: there is no channel "mail" with a sender; did you mean "email"?
relanced.toml:15:28: error: "nobody" is no e-mail address; write address = "accounts@example.com"
)"},
    {"relanced.toml", R"(state = "x"
)",
     R"(relanced.toml:1:1: error: there is no creditor; add [[creditor]] with code, name, country, region and language
)"},
    {"relanced.toml", R"([[creditor]]
code = "acme"
name = "Acme"
country = "FR"
region = "FR"
language = "fr"
)",
     R"(relanced.toml:2:8: error: creditor "acme" has no sender for e-mail; add sender.email = { name = "…", address = "…" }
)"},
    {"relanced.toml", R"([creditor]
code = "a"
)",
     R"(relanced.toml:1:1: error: "creditor" must be a list of tables; write [[creditor]] before each
)"},
    {"relanced.toml", R"(a = 1
a = 2
)",
     R"(relanced.toml:2:5: error: not TOML: Error while parsing key-value pair: cannot redefine existing integer 'a'
)"},
    {"relanced.toml", R"(a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q.r.s = 1
)",
     R"(relanced.toml:1:1: error: a key has more than 16 dotted parts
)"},
};
BOOST_AUTO_TEST_CASE(mistakes_in_the_daemon_s_file_are_named_with_their_place) {
  check(kRelanced);
}

constexpr Broken kScenarios[]{
    {"scenarios/standard.toml", R"()",
     R"(scenarios/standard.toml:1:1: error: a scenario needs at least one step; add [[step]] with an id, before or after, and channels
)"},
    {"scenarios/standard.toml", R"(step = 5)",
     R"(scenarios/standard.toml:1:8: error: "step" must be a list of tables; write [[step]] before each
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
chanels = ["email"]
template = "reminder"
)",
     R"(scenarios/standard.toml:1:1: error: step "one" has no channels; write channels = ["email"], or hands_over = true
scenarios/standard.toml:4:1: error: unknown key "chanels"; did you mean "channels"?
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "-5d"
channels = ["task"]
)",
     R"(scenarios/standard.toml:3:9: error: "-5d" is signed; a number of days has no sign: say before = "7d" or after = "7d"
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = -5
channels = ["task"]
)",
     R"(scenarios/standard.toml:3:9: error: "after" is an integer; a number of days has no sign: say before = "7d" or after = "7d"
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = 5
channels = ["task"]
)",
     R"(scenarios/standard.toml:3:9: error: "after" is an integer; write "7d" for days or "5bd" for business days
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5 days"
channels = ["task"]
)",
     R"(scenarios/standard.toml:3:9: error: "5 days" is no number of days; write "7d" for days or "5bd" for business days
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "99999d"
channels = ["task"]
)",
     R"(scenarios/standard.toml:3:9: error: "99999d" is more than 3660 days
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
before = "5d"
after = "5d"
channels = ["task"]
)",
     R"(scenarios/standard.toml:4:9: error: step "one" says when it comes twice; keep one of before, after and after_previous
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after_previous = "5d"
channels = ["task"]
)",
     R"(scenarios/standard.toml:3:18: error: the first step has none before it; write before or after
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
channels = ["task"]
)",
     R"(scenarios/standard.toml:1:1: error: step "one" does not say when it comes; write before = "7d", after = "5d" or after_previous = "10d"
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = []
)",
     R"(scenarios/standard.toml:1:1: error: step "one" has no channels; write channels = ["email"], or hands_over = true
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["emial", "task"]
template = "reminder"
)",
     R"(scenarios/standard.toml:4:13: error: there is no channel "emial"; did you mean "email"?
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["email", "email"]
template = "reminder"
)",
     R"(scenarios/standard.toml:4:22: error: channel "email" is listed twice
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = "email"
template = "reminder"
)",
     R"(scenarios/standard.toml:4:12: error: "channels" is a text, but must be a list; write channels = ["…"]
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["email"]
)",
     R"(scenarios/standard.toml:1:1: error: there is no template "one"; add templates/one.<language>.toml
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["email"]
template = "remind"
)",
     R"(scenarios/standard.toml:5:12: error: there is no template "remind"; did you mean "reminder"?
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["email"]
template = "notice"
)",
     R"(scenarios/standard.toml:5:12: error: there is no template "notice"; add templates/notice.<language>.toml
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
hands_over = true
channels = ["email"]
)",
     R"(scenarios/standard.toml:5:12: error: a step with hands_over = true sends nothing; remove its channels and template
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["task"]
approval = "yes"
service = "registred"
level = 99
)",
     R"(scenarios/standard.toml:5:12: error: "approval" cannot be "yes"; known: none, required
scenarios/standard.toml:6:11: error: "service" cannot be "registred"; did you mean "registered"?
scenarios/standard.toml:7:9: error: "level" is 99, but must be from 0 to 20
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["task"]
minimum_balance = "50 EURO"
)",
     R"(scenarios/standard.toml:5:19: error: "50 EURO" is no minimum balance: 'EURO' is not a currency; write its ISO 4217 code, as EUR or GBP; write "50 EUR"
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["task"]
minimum_balance = ["50 EUR", "60 EUR", "-1 GBP", 5]
)",
     R"(scenarios/standard.toml:5:30: error: a second minimum balance in EUR; keep one a currency
scenarios/standard.toml:5:40: error: "-1 GBP" is no minimum balance: it is negative; write "50 EUR"
scenarios/standard.toml:5:50: error: an element of "minimum_balance" is an integer, but must be a text; write minimum_balance = ["…"]
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["task"]
minimum_balance = 50
)",
     R"(scenarios/standard.toml:5:19: error: "minimum_balance" is an integer; write minimum_balance = "50 EUR", or a list of them
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["task"]
on.bounced = { task = true }
)",
     R"(scenarios/standard.toml:5:4: error: there is no receipt "bounced"; known: interim, accepted, relayed, dispatched, available, delivered, failed, expired, cancelled, returned, unclaimed, refused, accepted_by_addressee, read, complaint, silence
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["task"]
on.failed = {}
on.refused = { task = true, channel = "post" }
)",
     R"(scenarios/standard.toml:5:13: error: a reaction names one of channel, step and task; write { channel = "postal", after = "0d" }
scenarios/standard.toml:6:14: error: a reaction names one of channel, step and task; write { channel = "postal", after = "0d" }
scenarios/standard.toml:6:39: error: there is no channel "post"; known: email, sms, fax, lre, postal, task
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["task"]
on.read = { channel = "postal" }
on.complaint = { channel = "task" }
)",
     R"(scenarios/standard.toml:5:23: error: on.read cannot send by another channel: that receipt does not say that the message was lost; write { task = true } or { step = ... }
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["task"]
on.failed = { step = "two" }
[[step]]
id = "tow"
after = "6d"
channels = ["task"]
on.failed = { step = "one" }
on.read = { step = "tow" }
)",
     R"(scenarios/standard.toml:5:22: error: there is no step "two"; did you mean "tow"?
scenarios/standard.toml:10:22: error: on.failed goes in a circle: one → tow → one; a receipt may only make a later step due
scenarios/standard.toml:11:20: error: on.read goes in a circle: tow → tow; a receipt may only make a later step due
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["sms"]
template = "reminder"
read_receipt = true
on.silence = { channel = "sms", after = "1d" }
[[step]]
id = "two"
after = "6d"
channels = ["task"]
on.silence = "phone"
on.silent = "task"
[[step]]
id = "three"
after = "7d"
channels = ["task"]
on.silence = { after = "1d" }
)",
     R"(scenarios/standard.toml:6:16: error: only an e-mail has a reader's program to ask for a read receipt, and step "one" sends none; remove read_receipt
scenarios/standard.toml:7:26: error: on.silence would send the same message by sms once more, and the first one may have arrived; write another channel, or on.silence = "task"
scenarios/standard.toml:12:14: error: a reaction in one word is "task"; write { channel = "phone", after = "0d" } for anything else
scenarios/standard.toml:13:4: error: there is no receipt "silent"; did you mean "silence"?
scenarios/standard.toml:18:14: error: a reaction names one of channel, step and task; write { channel = "postal", after = "0d" }
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["task"]
[[step]]
id = "one"
after = "6d"
channels = ["task"]
)",
     R"(scenarios/standard.toml:6:6: error: two steps are called "one"; give each its own id
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["task"]
[[step]]
id = "two"
after = "5d"
channels = ["task"]
[[step]]
id = "three"
before = "5d"
channels = ["task"]
)",
     R"(scenarios/standard.toml:7:9: error: step "two" does not come after "one"; order the steps by their dates, each later than the one before
scenarios/standard.toml:11:10: error: step "three" does not come after "two"; order the steps by their dates, each later than the one before
)"},
    {"scenarios/standard.toml", R"([[step]]
id = "one"
after = "5d"
level = 3
channels = ["task"]
[[step]]
id = "two"
after = "4bd"
level = 1
channels = ["task"]
)",
     R"(scenarios/standard.toml:9:9: error: level 1 falls below the 3 of the step before; the tone only rises
)"},
    {"scenarios/standard.toml", R"(group_by = "invoice"
promise = { resume_at = "on" }
thank_you = {}
applies_to = { regions = ["FRR"], sectors = [] }
[[step]]
id = "one"
after = "5d"
channels = ["task"]
)",
     R"(scenarios/standard.toml:1:1: warning: no scenario is for everyone: debtors of other segments or regions get no reminders; leave applies_to out of one
scenarios/standard.toml:1:12: error: "group_by" cannot be "invoice"; known: debtor, receivable
scenarios/standard.toml:2:25: error: there is no step "on"; did you mean "one"?
scenarios/standard.toml:3:13: error: "channels" is missing; write channels = ["email"]
scenarios/standard.toml:3:13: error: "template" is missing; write template = "thank-you"
scenarios/standard.toml:4:27: error: there is no region "FRR"; did you mean "FR"?
scenarios/standard.toml:4:35: error: unknown key "sectors"; known: segments, regions
)"},
    {"scenarios/standard.toml", R"(in_doubt = { policy = "resend" }
catch_up = { policy = "last", late_after = "x" }
[[step]]
id = "one"
after = "5d"
channels = ["postal", "task"]
template = "reminder"
)",
     R"(scenarios/standard.toml:1:23: error: policy "resend" may send twice, and step "one" goes by postal; use "ask" or "assume_sent"
scenarios/standard.toml:2:23: error: "policy" cannot be "last"; known: latest, merged, skip
scenarios/standard.toml:2:44: error: "x" is no number of days; write "7d" for days or "5bd" for business days
)"},
    {"scenarios/standard.toml", R"(applies_to = { regions = ["FR"] }
[[step]]
id = "one"
after = "5d"
channels = ["sms"]
template = "reminder"
)",
     R"(scenarios/standard.toml:1:1: warning: no scenario is for everyone: debtors of other segments or regions get no reminders; leave applies_to out of one
scenarios/standard.toml:1:1: warning: step "one" of scenario "standard" has no channel with a provider in region FR: a person gets a task instead
)"},
    {"scenarios/other.toml", R"([[step]]
id = "one"
after = "5d"
channels = ["task"]
)",
     R"(scenarios/standard.toml:1:6: error: scenarios "other" and "standard" are both for everyone; make one more specific with applies_to
)"},
    {"scenarios/other.toml", R"(id = "standard"
[[step]]
id = "one"
after = "5d"
channels = ["task"]
)",
     R"(scenarios/standard.toml:1:6: error: a second scenario "standard"; the first is in scenarios/other.toml:1:6
)"},
};
BOOST_AUTO_TEST_CASE(mistakes_in_scenarios_are_named_with_their_place) {
  check(kScenarios);
}

constexpr Broken kRegions[]{
    {"regions/FR.toml", R"(country = "FR"
)",
     R"(regions/FR.toml:1:1: error: "time_zone" is missing; write time_zone = "Europe/Paris"
)"},
    {"regions/FR.toml", R"(country = "XX"
time_zone = "Europe/Pariss"
)",
     R"(regions/FR.toml:1:11: error: no public holidays are known for 'XX'; known are BE, DE, ES, FR, GB, IT, TARGET2; or name the holidays to use with calendar = "TARGET2"
regions/FR.toml:2:13: error: 'Europe/Pariss' is not a time zone; write an IANA name, as Europe/Paris
)"},
    {"regions/FR.toml", R"(country = "FR"
subdivision = "ZZ"
time_zone = "Europe/Paris"
)",
     R"(regions/FR.toml:2:15: error: no holidays of its own are known for 'FR-ZZ'; write FR, or one of its 57 67 68 6AE 971 972 973 974 976 BL GF GP MF MQ NC PF PM RE TF WF YT; or name the holidays to use with calendar = "TARGET2"
)"},
    {"regions/FR.toml", R"(country = "FR"
time_zone = "Europe/Paris"
[contact]
workdays = "8-20"
monday = "20:00-08:00"
tuesday = "08:00-12:00, 11:00-13:00"
sunnday = "closed"
)",
     R"(regions/FR.toml:4:12: error: "8-20" is no time of day; write "08:00-20:00", "08:00-12:00, 14:00-18:00", "always" or "closed"
regions/FR.toml:5:10: error: "20:00-08:00" ends before it begins; write "08:00-20:00", "08:00-12:00, 14:00-18:00", "always" or "closed"
regions/FR.toml:6:11: error: "11:00-13:00" overlaps the hours before it; order them and keep them apart
regions/FR.toml:7:1: error: unknown key "sunnday"; did you mean "sunday"?
)"},
    {"regions/FR.toml", R"(country = "FR"
time_zone = "Europe/Paris"
[contact]
workdays = "closed"
saturday = "closed"
)",
     R"(regions/FR.toml:3:1: error: the contact hours are empty on every day, so nobody could ever be contacted; open at least one
)"},
    {"regions/FR.toml", R"(country = "FR"
time_zone = "Europe/Paris"
[providers]
sms = ["smtp"]
email = ["smpt", "x"]
task = []
)",
     R"(regions/FR.toml:4:8: error: provider "smtp" is of channel "email", not "sms"; list it under email
regions/FR.toml:5:10: error: there is no provider "smpt"; did you mean "smtp"?
regions/FR.toml:5:18: error: there is no provider "x"; known: smtp
regions/FR.toml:6:1: error: there is no channel "task" with providers; known: email, sms, fax, lre, postal
)"},
    {"regions/BE.toml", R"(country = "BE"
language = "nl"
time_zone = "Europe/Brussels"
)",
     R"(scenarios/standard.toml:6:12: error: template "reminder" is missing in "nl", the language of region BE; add templates/reminder.nl.toml
)"},
};
BOOST_AUTO_TEST_CASE(mistakes_in_regions_are_named_with_their_place) {
  check(kRegions);
}

constexpr Broken kLetters[]{
    {"relanced.toml", R"(@creditor
[creditor.letterhead]
logo = "nowhere.png"
logo_height_mm = 90
colour = "blue"
footer = ["1", "2", "3", "4", "5"]
fonts = "Arial"
)",
     R"(relanced.toml:9:8: error: there is no file nowhere.png
relanced.toml:10:18: error: "logo_height_mm" is 90, but must be from 5 to 25
relanced.toml:11:10: error: "blue" is no colour; write "#1A4F8B"
relanced.toml:12:10: error: "footer" lists 5, more than 4
relanced.toml:13:1: error: unknown key "fonts"; did you mean "font"?
)"},
    {"providers/smtp.toml", R"(plugin = "smtp"
channel = "email"
[letter]
window = "fr"
)",
     R"(providers/smtp.toml:3:1: error: [letter] is for the channels postal, lre and fax
)"},
    {"providers/post.toml", R"(plugin = "post"
channel = "postal"
[letter]
window = "din"
pages_max = 0
bytes_max = 12
duplex = "yes"
colour = true
)",
     R"(providers/post.toml:4:10: error: "window" cannot be "din"; known: fr, din5008-a, din5008-b, swiss-left, swiss-right, pingen, maileva, cover-sheet
providers/post.toml:5:13: error: "pages_max" is 0, but must be from 1 to 1000
providers/post.toml:6:13: error: "bytes_max" is 12, but must be from 1024 to 67108864
providers/post.toml:7:10: error: "duplex" is a text, but must be true or false; write duplex = false
providers/post.toml:8:1: error: unknown key "colour"; known: window, pages_max, sheets_max, bytes_max, duplex
)"},
    {"templates/reminder.fr.toml", R"(subject = 'a'
text = 'b'
[letter]
closing = 'Salutations'
items = "some"
[letter.labels]
totl = "Total"
)",
     R"(templates/reminder.fr.toml:3:1: error: "opening" is missing; write opening = '''…'''
templates/reminder.fr.toml:5:9: error: "items" cannot be "some"; known: overdue, all, both
templates/reminder.fr.toml:7:1: error: unknown key "totl"; did you mean "total"?
)"},
    {"templates/reminder.nl.toml", R"(subject = 'a'
text = 'b'
[letter]
opening = 'Geachte heer'
[letter.labels]
date = "Datum"
total = "Totaal"
)",
     R"(templates/reminder.nl.toml:3:1: error: letters in "nl" need words of their own in [letter.labels]: customer, our_reference, invoice, issued, due, overdue, amount, balance, upcoming, carried, brought, bank, holder, quote, scan, page
)"},
};
BOOST_AUTO_TEST_CASE(mistakes_about_letters_are_named_with_their_place) {
  check(kLetters);
}

BOOST_AUTO_TEST_CASE(letters_are_read_as_they_are_written) {
  ConfigFolder folder;
  folder.write("logo.png", "read when it is drawn");
  folder.append("relanced.toml", R"([creditor.letterhead]
logo = "logo.png"
logo_height_mm = 20
colour = "#1A4f8B"
font = "DejaVu Sans"
sender_line = "Acme, 1 rue A"
footer = ["RCS Lyon", "TVA"]
)");
  folder.write("providers/post.toml", "plugin = \"post\"\nchannel = \"postal\"\n[letter]\nwindow = \"swiss-right\"\n"
                                      "pages_max = 10\nsheets_max = 5\nbytes_max = 8000000\nduplex = true\n");
  folder.append("templates/reminder.fr.toml",
                "[letter]\nopening = 'Madame,'\nclosing = 'Cordialement'\nitems = \"both\"\npayment = false\n"
                "labels = { total = \"Somme\" }\n");
  BOOST_TEST(folder.issues() == "");
  const auto configuration = folder.load().configuration;
  BOOST_TEST_REQUIRE(configuration != nullptr);
  const auto &head = configuration->creditors[0].letterhead;
  BOOST_TEST(head.logo == (folder.path() / "logo.png").string());
  BOOST_TEST(head.logo_height_mm == 20);
  BOOST_TEST(head.colour == 0x1A4F8Bu);
  BOOST_TEST(head.font == "DejaVu Sans");
  BOOST_TEST(head.sender_line == "Acme, 1 rue A");
  BOOST_TEST(head.footer.size() == 2u);
  const auto &letter = configuration->provider("post")->letter;
  BOOST_TEST((letter.window == LetterWindow::swiss_right));
  BOOST_TEST(letter.pages_max == 10u);
  BOOST_TEST(letter.sheets_max == 5u);
  BOOST_TEST(letter.bytes_max == 8'000'000u);
  BOOST_TEST(letter.is_duplex);
  const auto &words = *configuration->templates[0].letter;
  BOOST_TEST(words.opening == "Madame,");
  BOOST_TEST((words.items == LetterItems::both));
  BOOST_TEST((words.has_table && !words.has_payment));
  BOOST_TEST(words.labels[static_cast<std::size_t>(LetterLabel::total)] == "Somme");
  BOOST_TEST(words.labels[static_cast<std::size_t>(LetterLabel::invoice)] == "Facture");
}

constexpr Broken kProviders[]{
    {"providers/smtp.toml", R"(plugin = "smtp"
channel = "email"
placement = "process"
credit_window = 0
[settings]
password = "hush"
rate = inf
)",
     R"(providers/smtp.toml:3:13: error: "placement" cannot be "process"; known: child, inproc
providers/smtp.toml:4:17: error: "credit_window" is 0, but must be from 1 to 10000
providers/smtp.toml:6:12: error: "password" is a secret written in the file; write password = { file = "…" }, { env = "…" } or { credential = "…" }, or set allow_literal_secrets = true
providers/smtp.toml:7:8: error: a setting must be a finite number
)"},
    {"providers/smtp.toml", R"(plugin = "smtp"
channel = "email"
[sandbox]
network = "none"
connect_ports = [587]
memory_mib = 1
data_folders = [
  { path = "/", access = "write" },
  { path = "/usr/share", access = "execute" },
  { path = "/nowhere/at/all" },
  { path = "/usr/share", mode = "read" },
]
)",
     R"(providers/smtp.toml:5:17: error: with network = "none" no port can be reached; drop one of them
providers/smtp.toml:6:14: error: "memory_mib" is 1, but must be from 64 to 1048576
providers/smtp.toml:8:12: error: / holds state/relance.db, which is the daemon's alone; give the plugin a folder of its own
providers/smtp.toml:9:35: error: "access" cannot be "execute"; known: read, write
providers/smtp.toml:10:12: error: there is no folder /nowhere/at/all; make it, or take it out of the list
providers/smtp.toml:11:26: error: unknown key "mode"; known: path, access
)"},
    {"providers/smtp.toml", R"(plugin = "smtp"
channel = "email"
[sandbox]
connect_ports = [0]
)",
     R"(providers/smtp.toml:4:17: error: "connect_ports" must be a list of at most 64 port numbers, such as [587, 993]
)"},
    {"providers/smtp.toml", R"(channel = "task"
[settings]
password = { file = "nowhere" }
token = { env = "RELANCE_TEST_UNSET" }
key = { credential = "../x" }
)",
     R"(providers/smtp.toml:1:1: error: "plugin" is missing; write plugin = "smtp"
providers/smtp.toml:1:11: error: channel "task" is a person and built in; it has no provider
providers/smtp.toml:3:21: error: there is no file providers/nowhere; create it, readable by the daemon's user only
providers/smtp.toml:4:17: error: the environment has no variable "RELANCE_TEST_UNSET"; set it before the daemon starts
providers/smtp.toml:5:22: error: "../x" cannot be the name of a credential; it is a file name without folders
)"},
    {"providers/smtp.toml", R"(plugin = "smtp"
channel = "email"
[http]
hosts = ["api.example.com", "*", "https://api.example.com/v1"]
host = "x"
)",
     R"(providers/smtp.toml:4:29: error: "*" names no host; write "api.example.com" (https), "*.example.org:8443" (every name below) or "http://127.0.0.1:8080" (in the clear)
providers/smtp.toml:4:34: error: "https://api.example.com/v1" names no host; write "api.example.com" (https), "*.example.org:8443" (every name below) or "http://127.0.0.1:8080" (in the clear)
providers/smtp.toml:5:1: error: unknown key "host"; did you mean "hosts"?
)"},
    {"providers/second.toml", R"(id = "smtp"
plugin = "smtp"
channel = "email"
)",
     R"(providers/smtp.toml:1:1: error: a second provider "smtp"; the first is in providers/second.toml:1:6
)"},
};
BOOST_AUTO_TEST_CASE(mistakes_in_providers_are_named_with_their_place) {
  check(kProviders);
}

constexpr Broken kTemplates[]{
    {"templates/reminder.fr.toml", R"(subject = '''a
b'''
html = 5
)",
     R"(templates/reminder.fr.toml:1:1: error: "text" is missing; write text = '''…'''
templates/reminder.fr.toml:1:14: error: the subject has more than one line; write it on one
templates/reminder.fr.toml:3:8: error: "html" is an integer, but must be a text
)"},
    {"templates/reminder.toml", R"(subject = 'a'
text = 'b'
)",
     R"(templates/reminder.toml: error: the name of a template's file is id.language.toml, such as reminder-1.fr.toml
)"},
    {"templates/reminder.fr.toml", R"(subject = 'a'
text = 'b'
hmtl = 'c'
)",
     R"(templates/reminder.fr.toml:3:1: error: unknown key "hmtl"; did you mean "html"?
)"},
};
BOOST_AUTO_TEST_CASE(mistakes_in_templates_are_named_with_their_place) {
  check(kTemplates);
}

BOOST_AUTO_TEST_CASE(nothing_takes_effect_while_there_is_one_error) {
  ConfigFolder folder;
  BOOST_TEST((folder.load().configuration != nullptr));
  folder.append("regions/FR.toml", "colour = 1\n");
  BOOST_TEST((folder.load().configuration == nullptr));
}

BOOST_AUTO_TEST_CASE(a_warning_is_said_and_the_configuration_takes_effect) {
  ConfigFolder folder;
  folder.write("secret", "hush");
  std::filesystem::permissions(folder.path() / "secret", std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  folder.append("providers/smtp.toml", "[settings]\npassword = { file = \"../secret\" }\n");
  const auto loaded = folder.load();
  BOOST_TEST((loaded.configuration != nullptr));
  BOOST_TEST_REQUIRE(loaded.issues.size() == 1U);
  BOOST_TEST((loaded.issues[0].severity == Severity::warning));
  BOOST_TEST(loaded.issues[0].text().find("can be read by everyone") != std::string::npos);
  BOOST_TEST(loaded.issues[0].text().find("hush") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_check_that_may_not_read_secrets_leaves_them_alone) {
  ConfigFolder folder;
  folder.append("providers/smtp.toml", "[settings]\npassword = { file = \"nowhere\" }\n");
  BOOST_TEST((folder.load().configuration == nullptr));
  LoadOptions options;
  options.reads_secrets = false;
  BOOST_TEST((folder.load(options).configuration != nullptr));
}

BOOST_AUTO_TEST_CASE(a_literal_secret_is_taken_where_the_daemon_s_file_allows_it_and_never_shown) {
  ConfigFolder folder;
  folder.append("providers/smtp.toml", "[settings]\nsmtp_password = \"hush\"\n");
  BOOST_TEST((folder.load().configuration == nullptr));
  folder.write("relanced.toml", "allow_literal_secrets = true\n" + folder.read("relanced.toml"));
  const auto loaded = folder.load();
  BOOST_TEST_REQUIRE((loaded.configuration != nullptr));
  BOOST_TEST(loaded.configuration->providers[0].settings_json.reveal() == R"({"smtp_password":"hush"})");
  BOOST_TEST(loaded.configuration->providers[0].shown_json == R"({"smtp_password":"***"})");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_or_too_large_is_said_so) {
  BOOST_TEST((load("/nowhere/relanced.toml").issues.at(0).text() ==
              "/nowhere/relanced.toml: error: there is no such file; name it with --config, or create it"));
  ConfigFolder folder;
  folder.write("regions/FR.toml", std::string(2 * 1024 * 1024, '#'));
  BOOST_TEST(
      folder.issues().starts_with("regions/FR.toml: error: has 1048577 bytes, more than the 1048576 that"));
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::config
