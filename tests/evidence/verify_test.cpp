// A whole container, out of a real store: what the verifier says of it, and of everything that differs from
// it.
#include "host/evidence/verify.hpp"

#include "host/evidence/container.hpp"
#include "host/evidence/entry_names.hpp"
#include "host/evidence/export.hpp"
#include "host/evidence/manifest.hpp"
#include "host/evidence/openssl_handles.hpp"
#include "tests/evidence/pki.hpp"
#include "tests/store/store_fixture.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <openssl/pem.h>

#include <fcntl.h>
#include <fstream>
#include <random>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

namespace relance::evidence {
using store::test::must;
using test::Pki;
namespace json = boost::json;

BOOST_AUTO_TEST_SUITE(verify_test)

namespace {

using Contents = std::vector<std::pair<std::string, std::string>>;

/// An invoice with a message, a delivery receipt out of a mail, and a proof; its day sealed and time-stamped.
struct Chased : store::test::Bench {
  Chased() : Bench{store::test::implementations().front()} {
    usual_ledger();
    outcome(send(0).attempt, domain::OutcomeKind::accepted, {"r1"});
    auto receipt = store::test::receipt_of("r1", domain::ReceiptKind::delivered);
    receipt.text = "250 2.0.0 <ok> & \xe9";  // no UTF-8
    receipt.evidence.push_back({"application/pdf", "proof.pdf", "%PDF the proof", ""});
    this->receipt(receipt);
  }
  void seal(const Pki &pki) {
    const auto root = must(store->seal_day(creditor, store::test::kToday));
    must(store->stamp_seal(creditor, store::test::kToday, must(pki.stamp(root))));
  }
};

struct World {
  Pki pki;
  Chased ledger;
  Signer signer{pki.signer()};
  Exported exported;

  ExportOrder order() {
    ExportOrder order{ledger.creditor, "acme", "Acme SAS", "i1", "relanced test"};
    order.signer = &signer;
    order.stamp = [this](const Sha256 &imprint) { return pki.stamp(imprint); };
    return order;
  }
  Result<std::string> try_export(const ExportOrder &order) {
    const auto path = pki.folder.path() / "e.asice";
    const int file{::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
    const auto done = export_invoice(*ledger.store, order, file);
    ::close(file);
    if (!done) return done.error();
    exported = *done;
    return pki.read("e.asice");
  }
  std::string export_with(const ExportOrder &order) { return must(try_export(order)); }
  Verification check(std::string_view file) const { return verify(file, pki.trust(), WallClock{}.now()); }
};

std::string in_words(const Verification &verification) {
  std::string out;
  for (const auto &check : verification.checks)
    out.append(name_of(check.finding))
        .append(" ")
        .append(check.subject)
        .append(": ")
        .append(check.words)
        .append("\n");
  return out;
}

const Check *check_of(const Verification &verification, std::string_view subject) {
  for (const auto &check : verification.checks)
    if (check.subject == subject) return &check;
  return nullptr;
}

Contents unpacked(std::string_view file) {
  Contents contents;
  for (const auto &entry : must(read_container(file))) contents.emplace_back(entry.name, entry.bytes);
  return contents;
}

/// With right headers and sums, as somebody makes it who knows how.
std::string packed(const Contents &contents, const std::filesystem::path &path) {
  const int file{::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)};
  ContainerWriter writer{file};
  for (const auto &[name, bytes] : contents) must(writer.add(name, bytes));
  std::string out(must(writer.finish()), '\0');
  BOOST_REQUIRE(::pread(file, out.data(), out.size(), 0) == static_cast<ssize_t>(out.size()));
  ::close(file);
  return out;
}

/// What RLIMIT_DATA counts, now.
std::uint64_t data_bytes() {
  std::ifstream in{"/proc/self/status"};
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("VmData:")) return std::stoull(line.substr(7)) * 1024;
  return 0;
}

std::string &content_of(Contents &contents, std::string_view name) {
  for (auto &[known, bytes] : contents)
    if (known == name) return bytes;
  throw std::out_of_range{std::string{name}};
}

enum class Addition : std::uint8_t { remark, revocation_list };
/// The message with an unsigned attribute more, or with a revocation list in it.
std::string added_to(const std::string &der, Addition addition, std::string_view list_pem) {
  const auto *at = reinterpret_cast<const unsigned char *>(der.data());
  const CmsHandle cms{d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size()))};
  auto *info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms.get()), 0);
  if (addition == Addition::remark) {
    constexpr std::string_view kRemark{"paid in cash"};
    BOOST_REQUIRE(CMS_unsigned_add1_attr_by_txt(info, "1.3.6.1.4.1.99999.1", V_ASN1_UTF8STRING,
                                                kRemark.data(), static_cast<int>(kRemark.size())) == 1);
  } else {
    const auto text = bio_over(list_pem);
    const std::unique_ptr<X509_CRL, Frees<X509_CRL_free>> list{
        PEM_read_bio_X509_CRL(text.get(), nullptr, nullptr, nullptr)};
    BOOST_REQUIRE(CMS_add1_crl(cms.get(), list.get()) == 1);
  }
  return der_of<i2d_CMS_ContentInfo>(cms.get());
}
std::string without_token(const std::string &der) {
  const auto *at = reinterpret_cast<const unsigned char *>(der.data());
  const CmsHandle cms{d2i_CMS_ContentInfo(nullptr, &at, static_cast<long>(der.size()))};
  auto *info = sk_CMS_SignerInfo_value(CMS_get0_SignerInfos(cms.get()), 0);
  X509_ATTRIBUTE_free(CMS_unsigned_delete_attr(info, 0));
  return der_of<i2d_CMS_ContentInfo>(cms.get());
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_was_exported_is_right_in_every_point_and_says_who_vouches_for_it) {
  World world;
  world.ledger.seal(world.pki);
  const auto file = world.export_with(world.order());
  BOOST_TEST(world.exported.is_signed);
  BOOST_TEST(world.exported.is_stamped);
  BOOST_TEST(world.exported.bytes == file.size());
  const auto verification = world.check(file);
  BOOST_TEST((verification.finding() == Finding::right), in_words(verification));
  BOOST_TEST(verification.invoice == "i1");
  BOOST_TEST(verification.signed_by == "CN=creditor");
  for (const char *subject : {"container", "manifest", "signature", "signer", "time-stamp", "authority",
                              "journal", "sealed day", "documents"})
    BOOST_TEST(check_of(verification, subject) != nullptr, subject);
  const auto stranger = verify(file, {}, WallClock{}.now());
  BOOST_TEST((stranger.finding() == Finding::open), in_words(stranger));
  const Pki other;
  BOOST_TEST((verify(file, other.trust(), WallClock{}.now()).finding() == Finding::wrong));
}

BOOST_AUTO_TEST_CASE(other_programs_agree_with_each_of_its_parts) {
  World world;
  world.ledger.seal(world.pki);
  const auto file = world.export_with(world.order());
  auto parts = unpacked(file);
  const auto signature =
      SignedMessage::read(content_of(parts, kSignatureName), content_of(parts, kManifestName)).value();
  world.pki.write("token.tst", signature.token());
  world.pki.write("signature", signature.signature());
  world.pki.run("unzip -qt e.asice && unzip -qo e.asice -d out");
  world.pki.run(
      "openssl cms -verify -cades -binary -inform DER -in out/META-INF/signature001.p7s"
      " -content out/META-INF/ASiCManifest001.xml -CAfile ca.pem -purpose any -out /dev/null");
  world.pki.run("openssl ts -verify -token_in -in token.tst -data signature -CAfile ca.pem");
  const auto root = json::parse(world.pki.read("out/journal.json")).at("seal").at("root").as_string();
  world.pki.run("openssl ts -verify -token_in -in out/journal-seal.tst -digest " +
                std::string{root.data(), root.size()} + " -CAfile ca.pem");
  world.pki.run(
      "cd out/files && for f in *; do test \"${f%%.*}\" = \"$(sha256sum < $f | cut -d' ' -f1)\" || exit 1; "
      "done");
}

BOOST_AUTO_TEST_CASE(every_single_flipped_bit_of_the_file_is_found) {
  World world;
  world.ledger.seal(world.pki);
  auto file = world.export_with(world.order());
  std::size_t missed{0};
  const auto trust = world.pki.trust();
  for (std::size_t bit{0}; bit < file.size() * 8; ++bit) {
    const auto mask = static_cast<char>(1 << bit % 8);
    file[bit / 8] = static_cast<char>(file[bit / 8] ^ mask);
    if (verify(file, trust, WallClock{}.now()).finding() != Finding::wrong) ++missed;
    file[bit / 8] = static_cast<char>(file[bit / 8] ^ mask);
  }
  BOOST_TEST(missed == 0u);
  BOOST_TEST_MESSAGE(file.size() * 8 << " bits flipped one at a time, " << missed << " missed");
}

/// Sums and headers made right again: the hashes and signatures alone must find it.
BOOST_AUTO_TEST_CASE(a_flipped_bit_that_somebody_hid_from_the_container_is_found_by_what_was_signed) {
  constexpr unsigned kSeed{20261122};
  constexpr std::size_t kFlips{800};
  World world;
  world.ledger.seal(world.pki);
  const auto contents = unpacked(world.export_with(world.order()));
  std::mt19937 random{kSeed};
  const auto trust = world.pki.trust();
  std::size_t missed{0};
  for (std::size_t i{0}; i < kFlips; ++i) {
    auto changed = contents;
    auto &[name, bytes] = changed[i % changed.size()];
    if (bytes.empty()) continue;
    const auto at = random() % bytes.size();
    const auto bit = random() % 8;
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
    const auto found = verify(packed(changed, world.pki.folder.path() / "f.asice"), trust, WallClock{}.now());
    if (found.finding() == Finding::wrong) continue;
    ++missed;
    BOOST_TEST_MESSAGE("missed: " << name << " byte " << at << " of " << bytes.size() << " bit " << bit);
  }
  BOOST_TEST_MESSAGE(kFlips << " flips with seed " << kSeed << ", " << missed << " missed");
  BOOST_TEST(missed == 0u);
}

BOOST_AUTO_TEST_CASE(files_that_are_exchanged_added_or_taken_away_are_found) {
  World world;
  const auto contents = unpacked(world.export_with(world.order()));
  const auto path = world.pki.folder.path() / "f.asice";
  const auto finding_of = [&](const Contents &changed) { return world.check(packed(changed, path)); };
  BOOST_TEST((finding_of(contents).finding() == Finding::right));
  for (std::size_t i{0}; i < contents.size(); ++i) {
    auto without = contents;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(i));
    BOOST_TEST((finding_of(without).finding() == Finding::wrong), contents[i].first);
    auto emptied = contents;
    emptied[i].second.clear();
    BOOST_TEST((finding_of(emptied).finding() == Finding::wrong), contents[i].first);
  }
  auto added = contents;
  added.emplace_back("files/more.txt", "more");
  BOOST_TEST((finding_of(added).finding() == Finding::wrong));
  auto moved = contents;
  std::swap(moved[1], moved[2]);
  BOOST_TEST((finding_of(moved).finding() == Finding::right), "the order of files means nothing");
}

BOOST_AUTO_TEST_CASE(another_signature_and_another_time_are_not_taken_for_those_that_were) {
  World world;
  const auto contents = unpacked(world.export_with(world.order()));
  const auto path = world.pki.folder.path() / "f.asice";
  auto other = contents;
  auto &signature = content_of(other, kSignatureName);
  const auto &manifest = content_of(other, kManifestName);
  const auto finding = [&](std::string_view subject) {
    const auto verification = world.check(packed(other, path));
    const auto *check = check_of(verification, subject);
    BOOST_TEST_REQUIRE(check != nullptr, in_words(verification));
    BOOST_TEST((verification.finding() == Finding::wrong), in_words(verification));
    return check->finding;
  };
  signature = world.signer.sign(manifest).value();  // the time-stamp fell off
  BOOST_TEST((finding("time-stamp") == Finding::wrong));
  const auto bare = signature;
  signature = with_token(bare, must(world.pki.stamp(sha256("something else")))).value();
  BOOST_TEST((finding("time-stamp") == Finding::wrong));
  world.pki.issue("mallory", "signer");
  signature = world.pki.signer("mallory").sign(manifest).value();  // trusted, and not who made it
  BOOST_TEST((finding("certificates") == Finding::wrong));
  const Pki stranger;
  signature = stranger.signer().sign(manifest).value();
  BOOST_TEST((finding("signer") == Finding::wrong));
}

BOOST_AUTO_TEST_CASE(what_is_added_to_a_signature_where_it_covers_nothing_is_found) {
  World world;
  const auto contents = unpacked(world.export_with(world.order()));
  const auto path = world.pki.folder.path() / "f.asice";
  world.pki.list_revoked();
  const auto list = world.pki.read("crl.pem");
  const auto finding_of = [&](std::string signature) {
    auto changed = contents;
    content_of(changed, kSignatureName) = std::move(signature);
    return world.check(packed(changed, path));
  };
  auto original = contents;
  const auto signature = content_of(original, kSignatureName);
  const auto manifest = content_of(original, kManifestName);
  BOOST_TEST((finding_of(signature).finding() == Finding::right));
  const auto with_remark = finding_of(added_to(signature, Addition::remark, list));
  BOOST_TEST((check_of(with_remark, "signature")->finding == Finding::wrong), in_words(with_remark));
  const auto with_list = finding_of(added_to(signature, Addition::revocation_list, list));
  BOOST_TEST((check_of(with_list, "signature")->finding == Finding::wrong), in_words(with_list));
  const auto token = must(SignedMessage::read(signature, manifest)).token();
  for (const auto addition : {Addition::remark, Addition::revocation_list}) {
    const auto changed =
        finding_of(with_token(without_token(signature), added_to(token, addition, list)).value());
    BOOST_TEST((check_of(changed, "time-stamp")->finding == Finding::wrong), in_words(changed));
  }
}

BOOST_AUTO_TEST_CASE(a_container_that_nobody_signed_is_whole_and_proves_nothing) {
  World world;
  auto order = world.order();
  order.signer = nullptr;
  auto file = world.export_with(order);
  BOOST_TEST(!world.exported.is_signed);
  const auto verification = world.check(file);
  BOOST_TEST((verification.finding() == Finding::open), in_words(verification));
  BOOST_TEST((check_of(verification, "signature")->finding == Finding::open));
  for (std::size_t at{0}; at < file.size(); ++at) {
    file[at] = static_cast<char>(file[at] ^ 4);
    BOOST_TEST((world.check(file).finding() == Finding::wrong), at);
    file[at] = static_cast<char>(file[at] ^ 4);
  }
}

BOOST_AUTO_TEST_CASE(an_authority_that_is_away_stops_the_export_or_is_missed_aloud) {
  World world;
  auto order = world.order();
  order.stamp = [](const Sha256 &) -> Result<std::string> { return unavailable("the authority is away"); };
  const auto refused = world.try_export(order);
  BOOST_TEST_REQUIRE(!refused);
  BOOST_TEST((refused.error().kind == ErrorKind::unavailable));
  order.goes_on_without_stamp = true;
  const auto file = world.export_with(order);
  BOOST_TEST(!world.exported.is_stamped);
  BOOST_TEST(world.exported.warning == "the authority is away");
  const auto verification = world.check(file);
  BOOST_TEST((verification.finding() == Finding::right), in_words(verification));
  BOOST_TEST(check_of(verification, "time-stamp")->words.find("the authority is away") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(years_later_the_time_stamp_keeps_an_expired_signature_good) {
  World world;
  auto order = world.order();
  const auto later = WallClock{}.now() + Days{3 * 365};
  const auto stamped = world.export_with(order);
  BOOST_TEST((verify(stamped, world.pki.trust(), later).finding() == Finding::right));
  order.stamp = nullptr;
  const auto bare = world.export_with(order);
  BOOST_TEST((world.check(bare).finding() == Finding::right));
  const auto verification = verify(bare, world.pki.trust(), later);
  BOOST_TEST((check_of(verification, "signer")->finding == Finding::wrong), in_words(verification));
}

BOOST_AUTO_TEST_CASE(of_an_erased_person_the_container_says_what_is_gone_and_the_journal_still_chains) {
  World world;
  world.ledger.seal(world.pki);
  must(world.ledger.store->erase_debtor(world.ledger.creditor, "d1", "eva", world.ledger.now));
  const auto file = world.export_with(world.order());
  const auto verification = world.check(file);
  BOOST_TEST((verification.finding() == Finding::right), in_words(verification));
  BOOST_TEST(check_of(verification, "journal")->words.find("were erased") != std::string::npos);
  BOOST_TEST(check_of(verification, "sealed day") != nullptr);
  auto contents = unpacked(file);
  const auto summary = json::parse(content_of(contents, kSummaryName));
  BOOST_TEST(summary.at("erased").at("by").as_string() == "eva");
  BOOST_TEST(summary.at("files").as_array().empty());
  BOOST_TEST(file.find("d1.example") == std::string::npos);
}

/// One call of a provider that speaks of three debtors, as a batch does.
BOOST_AUTO_TEST_CASE(what_is_past_its_retention_may_be_absent_only_where_the_journal_says_so) {
  for (const bool is_by_retention : {true, false}) {
    World world;
    auto &ledger = world.ledger;
    ledger.pay("p1", "i1", 10'000);
    ledger.pay("p2", "i2", 5'000);
    const std::string body{"Dear debtor, attempt 1"};
    if (is_by_retention) {
      const Instant late{civil(2037, 1, 1).time_since_epoch()};
      BOOST_TEST(must(ledger.store->expire({}, late, 10, false)).messages == 1u);
    } else {  // somebody with the store in his hands
      world.pki.run("sqlite3 " + (ledger.folder.path() / "store.db").string() + " \"DELETE FROM content WHERE bytes = CAST('" +
                    body + "' AS BLOB)\"");
    }
    ledger.seal(world.pki);
    const auto file = world.export_with(world.order());
    const auto verification = world.check(file);
    BOOST_TEST((verification.finding() == (is_by_retention ? Finding::right : Finding::wrong)), in_words(verification));
    BOOST_TEST(in_words(verification).find(is_by_retention ? "1 parts are past their retention" : "a part of its message is missing") !=
                   std::string::npos,
               in_words(verification));
    auto contents = unpacked(file);
    BOOST_TEST((content_of(contents, kPageName).find("past its retention") != std::string::npos));
  }
}

BOOST_AUTO_TEST_CASE(of_bytes_that_speak_of_three_debtors_each_shows_its_own_and_the_hash_of_the_whole) {
  World world;
  auto &ledger = world.ledger;
  const std::vector<std::string> debtors{"d2", "d3", "d4"};
  store::ParsedRecord parsed;
  for (const auto &code : debtors) {
    for (const auto &claim : must(ledger.store->claim_due(ledger.now, 10)))
      ledger.settle_one(store::test::Bench::settlement(claim));
    ledger.add_debtor(code, "box@" + code + ".example");
    ledger.add_invoice(code, "i-" + code, 1000);
    ledger.onboard();
    ledger.outcome(ledger.send(0).attempt, domain::OutcomeKind::accepted, {"ref-" + code});
    auto event = store::test::receipt_of("ref-" + code, domain::ReceiptKind::delivered);
    event.text = "words about " + code;
    parsed.receipts.push_back(event);
  }
  const std::string whole{R"([{"id":"ref-d2"},{"id":"ref-d3"},{"id":"ref-d4"}])"};
  const store::InboundRecord raw{"smtp-1", "webhook", whole, ledger.now};
  parsed.inbound = must(ledger.store->store_inbound({&raw, 1}, {}, ledger.now)).front();
  must(ledger.store->apply_parsed({&parsed, 1}, ledger.now));

  auto order = world.order();
  order.stamp = nullptr;
  const auto export_of = [&](const std::string &code) {
    order.invoice = "i-" + code;
    return world.export_with(order);
  };
  const auto check_own_only = [&](const std::string &code) {
    const auto file = export_of(code);
    const auto verification = world.check(file);
    BOOST_TEST((verification.finding() == Finding::right), in_words(verification));
    for (const auto &other : debtors)
      BOOST_TEST((file.find("words about " + other) != file.npos) == (other == code),
                 code << " shows " << other);
    BOOST_TEST(file.find(whole) == file.npos);
    BOOST_TEST(file.find(to_hex(sha256(whole))) != file.npos);
    return unpacked(file);
  };
  for (const auto &code : debtors) {
    // Another event in the place of one's own is found out by the journal.
    auto contents = check_own_only(code);
    auto &summary = content_of(contents, kSummaryName);
    const auto receipt = json::parse(summary).at("reminders").at(0).at("attempts").at(0).at("receipts").at(0);
    const std::string event{receipt.at("event").as_string()};
    const std::string other{"{}"};
    for (auto &[name, bytes] : contents)
      if (name.find(event) != name.npos) {
        name.replace(name.find(event), event.size(), to_hex(sha256(other)));
        bytes = other;
      }
    while (summary.find(event) != summary.npos)
      summary.replace(summary.find(event), event.size(), to_hex(sha256(other)));
    std::vector<DataObject> objects;
    for (const auto &object : must(read_manifest(content_of(contents, kManifestName), true)))
      objects.push_back(object);
    for (auto &object : objects) {
      if (object.name.find(event) != object.name.npos)
        object.name.replace(object.name.find(event), event.size(), to_hex(sha256(other)));
      object.hash = sha256(content_of(contents, object.name));
    }
    auto &manifest = content_of(contents, kManifestName);
    manifest = write_manifest(objects, true);
    content_of(contents, kSignatureName) = world.signer.sign(manifest).value();
    const auto found = world.check(packed(contents, world.pki.folder.path() / "f.asice"));
    BOOST_TEST((check_of(found, "documents")->finding == Finding::wrong), in_words(found));
    BOOST_TEST(check_of(found, "documents")->words.find("something else was read") != std::string::npos);
  }

  const auto rehearsed = must(ledger.store->erase_debtor(ledger.creditor, "d3", "eva", ledger.now, true));
  check_own_only("d3");
  const auto erased = must(ledger.store->erase_debtor(ledger.creditor, "d3", "eva", ledger.now));
  BOOST_TEST(rehearsed.raws_kept_for_others == 1u);
  BOOST_TEST(erased.raws_kept_for_others == 1u);
  BOOST_TEST(erased.journal_entries == rehearsed.journal_entries);
  BOOST_TEST((world.check(export_of("d3")).finding() == Finding::right));
  BOOST_TEST(export_of("d3").find("words about") == std::string::npos);
  BOOST_TEST(ledger.store->evidence_file(ledger.creditor, sha256(whole)).has_error());
  BOOST_TEST(must(ledger.store->inbound_item(parsed.inbound)).bytes == "");
  for (const auto *code : {"d2", "d4"}) check_own_only(code);

  BOOST_TEST(must(ledger.store->reparse("", parsed.inbound)) == 1u);
  const std::vector<std::string> providers{"smtp-1"};
  BOOST_TEST(*must(ledger.store->inbound_to_parse(providers, ledger.now, 10)).at(0).bytes == whole);
  parsed.receipts[2].code = "2.0.0";  // a better parser
  must(ledger.store->apply_parsed({&parsed, 1}, ledger.now));
  for (const auto *code : {"d2", "d4"}) check_own_only(code);
  BOOST_TEST(export_of("d3").find("words about") == std::string::npos);
  ledger.expect_journal_verifies();

  for (const auto *code : {"d2", "d4"})
    must(ledger.store->erase_debtor(ledger.creditor, code, "eva", ledger.now));
  BOOST_TEST(ledger.store->reparse("", parsed.inbound).has_error());
  ledger.expect_journal_verifies();
}

BOOST_AUTO_TEST_CASE(more_evidence_than_memory_is_exported_one_document_at_a_time) {
  constexpr std::size_t kDocuments{24}, kDocumentBytes{4 * 1024 * 1024};
  constexpr std::uint64_t kMayGrowBy{40ull * 1024 * 1024};
  World world;
  for (std::size_t i{0}; i < kDocuments; ++i) {
    auto receipt = store::test::receipt_of("r1", domain::ReceiptKind::interim);
    receipt.code = std::to_string(i);
    receipt.evidence.push_back(
        {"application/pdf", "proof.pdf", std::to_string(i) + std::string(kDocumentBytes, 'x'), ""});
    world.ledger.receipt(receipt);
  }
  rlimit before{};
  BOOST_TEST_REQUIRE(getrlimit(RLIMIT_DATA, &before) == 0);
  [[maybe_unused]] const rlimit less{std::min<rlim_t>(data_bytes() + kMayGrowBy, before.rlim_max), before.rlim_max};
  auto order = world.order();
  order.stamp = nullptr;  // another program would be under the limit too
  const auto path = world.pki.folder.path() / "large.asice";
  const int file{::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)  // they reserve terabytes
  BOOST_TEST_REQUIRE(setrlimit(RLIMIT_DATA, &less) == 0);
#endif
  const auto exported = export_invoice(*world.ledger.store, order, file);
  BOOST_TEST_REQUIRE(setrlimit(RLIMIT_DATA, &before) == 0);
  BOOST_TEST_REQUIRE(exported.has_value(), (exported ? "" : exported.error().message));
  BOOST_TEST(exported->bytes > kDocuments * kDocumentBytes);
  auto *bytes = static_cast<char *>(::mmap(nullptr, exported->bytes, PROT_READ, MAP_SHARED, file, 0));
  const auto verification = world.check({bytes, exported->bytes});
  BOOST_TEST((verification.finding() == Finding::right), in_words(verification));
  ::munmap(bytes, exported->bytes);
  ::close(file);
}

BOOST_AUTO_TEST_CASE(any_bytes_are_refused_and_disturb_nobody) {
  const Trust nobody;
  const test::TemporaryFolder folder;
  std::mt19937 random{7};
  for (std::size_t size{0}; size < 3000; size += 7) {
    std::string bytes(size, '\0');
    for (auto &byte : bytes) byte = static_cast<char>(random());
    BOOST_TEST((verify(bytes, nobody, WallClock{}.now()).finding() == Finding::wrong));
    const Contents made{{"mimetype", "application/vnd.etsi.asic-e+zip"},
                        {"about.json", bytes},
                        {std::string{kManifestName}, bytes},
                        {std::string{kSignatureName}, bytes}};
    BOOST_TEST(
        (verify(packed(made, folder.path() / "f"), nobody, WallClock{}.now()).finding() == Finding::wrong));
  }
}

BOOST_AUTO_TEST_SUITE_END()
}  // namespace relance::evidence
