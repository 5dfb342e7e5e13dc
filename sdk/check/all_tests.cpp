// Every test by name. The page docs/for-plugin-authors/relance-check.md explains each; a test holds the two
// together.
#include "sdk/check/test.hpp"

#include <algorithm>

namespace relance::check {
namespace {

constexpr std::uint32_t kQuery{RELANCE_CAP_QUERY_BY_REF | RELANCE_CAP_QUERY_BY_KEY};
constexpr std::uint32_t kInbound{RELANCE_CAP_RECEIVE | RELANCE_CAP_POLL};
constexpr std::uint32_t kParse{kInbound | RELANCE_CAP_WEBHOOK};

constexpr Test kTests[]{
    {"elf.exports", "Exactly one symbol is exported, the entry", elf_exports, 0, true},
    {"elf.nodelete", "The library is marked as never unloaded", elf_nodelete, 0, true},
    {"elf.hardening", "No executable stack, no relocations in code, no segment both writable and executable",
     elf_hardening, 0, true},
    {"elf.rpath", "Libraries are looked for only where the system or the plugin itself lies", elf_rpath, 0,
     true},
    {"load.symbols", "It loads with nothing but what it is linked to, and has the entry", load_symbols, 0,
     true},
    {"load.quiet", "Loading opens no file, thread or connection and leaves signals alone", load_quiet, 0,
     true},
    {"load.entry", "The entry returns the same tables each time, then NULL", load_entry, 0, true},
    {"descriptor.fields", "Names, ids, version and channel are what the header asks for", descriptor_fields},
    {"descriptor.capabilities", "Each capability has its functions", descriptor_capabilities},
    {"descriptor.schema", "The settings' schema is a JSON Schema of an object", descriptor_schema},
    {"settings.valid", "The settings of the profile, or made from the schema, are accepted and start",
     settings_valid},
    {"settings.refusal", "What is refused is refused in words: with a fatal issue that has a path",
     settings_refusal},
    {"settings.fuzz", "No settings, however odd, crash it or let an exception out", settings_fuzz},
    {"settings.secrets", "No secret of the settings comes out in a log line, an issue, a code or a text",
     settings_secrets},
    {"messages.secret", "Nothing of a message's content comes out there either", messages_secret},
    {"lifecycle.create_only", "create() opens nothing, and destroy() may follow it at once",
     lifecycle_create_only},
    {"lifecycle.leaks", "200 lives leave no memory, descriptor or thread behind", lifecycle_leaks},
    {"lifecycle.instances", "Two instances do not disturb each other", lifecycle_instances},
    {"lifecycle.quiet_end", "After destroy() nothing runs and nobody calls the host", lifecycle_quiet_end},
    {"traits.honest", "Traits are a part of the descriptor and never change", traits_honest},
    {"calls.prompt", "No function waits for the network", calls_prompt},
    {"calls.faults", "No exception, exit, fork or changed signal mask leaves it", calls_faults},
    {"calls.threads", "Each call may come from another thread", calls_threads},
    {"tokens.once", "Batches of 1, 64 and 1000: each token ends exactly once", tokens_once},
    {"tokens.stop", "stop() in the middle ends every open token", tokens_stop},
    {"tokens.outcomes", "Each end is one that its operation knows, with references that are its own",
     tokens_outcomes},
    {"memory.layout", "Nothing is read behind the end of a text, a struct or an array", memory_layout},
    {"memory.borrowed", "Nothing borrowed is used after its life, and nothing is written to",
     memory_borrowed},
    {"memory.older_host", "It runs on a host of the interface's first release", memory_older_host},
    {"memory.newer_host", "It runs on a host with longer structs and unknown values", memory_newer_host},
    {"deadline.past", "A message whose not_after has passed ends as NOT_SENT, and no byte leaves",
     deadline_past},
    {"deadline.clocks", "not_after is of the wall clock, whatever the business clock says", deadline_clocks},
    {"bytes.same", "The same attempt has the same bytes, after a restart and at another time too",
     bytes_same},
    {"provider.accepted", "A provider that accepts: the message ends as accepted", provider_accepted},
    {"provider.refused", "A refused connection: NOT_SENT", provider_refused},
    {"provider.rejected", "4xx: never accepted; a wrong password is not the message's fault",
     provider_rejected},
    {"provider.throttled", "429 with Retry-After: NOT_SENT, with the pause handed on", provider_throttled},
    {"provider.error", "5xx: in doubt, never final", provider_error},
    {"provider.reset", "A connection lost at each stage: UNKNOWN exactly where the request may have arrived",
     provider_reset},
    {"provider.cut", "An answer that breaks off: UNKNOWN", provider_cut},
    {"provider.silent", "No answer until stop(): UNKNOWN, in time", provider_silent},
    {"provider.slow", "An answer that comes slowly is an answer", provider_slow},
    {"provider.garbage", "An answer that is none: UNKNOWN", provider_garbage},
    {"provider.tls", "A certificate signed by nobody: NOT_SENT, and nothing is said to it", provider_tls},
    {"provider.resend", "No message is sent a second time without being asked", provider_resend},
    {"query.ends", "A query ends once; NOT_FOUND only where the provider said so", query_ends, kQuery},
    {"recall.ends", "A recall ends once; CANCELLED only where the provider said so", recall_ends,
     RELANCE_CAP_RECALL},
    {"commit.repeat", "commit and discard may be repeated; not_after holds for them too", commit_repeat,
     RELANCE_CAP_TWO_PHASE},
    {"quote.pure", "A quote reports once, asks nobody, and says the same again", quote_pure,
     RELANCE_CAP_QUOTE},
    {"poll.ends", "A poll ends once, also when the provider fails, and keeps its cursor then", poll_ends,
     RELANCE_CAP_POLL},
    {"inbound.room", "What the host does not take is kept and offered again", inbound_room, kInbound},
    {"inbound.acknowledge", "Nothing is acknowledged at the provider before stored()", inbound_acknowledge,
     kInbound},
    {"parse.garbage", "Any bytes, and each beginning of a sample, end in one answer", parse_garbage, kParse},
    {"parse.same", "The same bytes mean the same, on another day and in another instance too", parse_same,
     kParse},
    {"parse.sample", "The samples of the profile mean what it says", parse_sample, kParse},
    {"webhook.genuine", "The provider's own request is believed", webhook_genuine, RELANCE_CAP_WEBHOOK},
    {"webhook.forgery", "A request changed in any place is not", webhook_forgery, RELANCE_CAP_WEBHOOK},
    {"webhook.replay", "A signed request of long ago is not believed either", webhook_replay,
     RELANCE_CAP_WEBHOOK},
    {"webhook.prompt", "authenticate() needs at most 5 ms and no network", webhook_prompt,
     RELANCE_CAP_WEBHOOK},
    {"evidence.ends", "A fetch of evidence ends once, with the document or without", evidence_ends,
     RELANCE_CAP_EVIDENCE},
    {"kill.restart", "After a kill -9 at any moment it starts again and works", kill_restart},
    {"state.damaged", "Small state that makes no sense does not stop it", state_damaged},
    {"state.kept", "Small state stays small, and a restart finds it", state_kept},
    {"host.bare", "A host without extensions is refused in words, or served", host_bare},
    {"log.bounded", "Log lines are few: an idle instance writes next to none", log_bounded},
    {"wake.unasked", "wake() without having asked for it does no harm", wake_unasked},
};

}  // namespace

std::span<const Test> all_tests() {
  return kTests;
}

const Test *find_test(std::string_view name) {
  const auto found =
      std::find_if(std::begin(kTests), std::end(kTests), [&](const Test &t) { return name == t.name; });
  return found == std::end(kTests) ? nullptr : found;
}

}  // namespace relance::check
