// Elliptic keys, because they are made in milliseconds.
#include "tests/evidence/pki.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace relance::evidence::test {

namespace fs = std::filesystem;

namespace {

constexpr const char *kAuthorityConfig = R"(
[ca]
default_ca = c
[c]
database = index.txt
serial = serial
new_certs_dir = .
certificate = ca.pem
private_key = ca.key
default_md = sha256
default_days = 365
default_crl_days = 30
unique_subject = no
policy = p
[p]
commonName = supplied
[signer]
keyUsage = critical, digitalSignature, nonRepudiation
[tsa]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[other]
keyUsage = critical, keyEncipherment
)";

std::string stamper_config(const std::string &name) {
  return "[t]\nserial = stamps\nsigner_cert = " + name + ".pem\ncerts = " + name +
         ".pem\nsigner_key = " + name +
         ".key\nsigner_digest = sha256\ndefault_policy = 1.2.3.4.1\ndigests = sha256\naccuracy = secs:1\n"
         "ess_cert_id_alg = sha256\n";
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  auto pattern = (fs::temp_directory_path() / "relance-evidence-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error{"no temporary folder"};
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Pki::Pki() {
  write("ca.cnf", kAuthorityConfig);
  write("index.txt", "");
  write("serial", "01\n");
  write("stamps", "01\n");
  run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem "
      "-days 3650"
      " -subj '/CN=Test Authority' -addext basicConstraints=critical,CA:TRUE -addext "
      "keyUsage=critical,keyCertSign,cRLSign");
  issue("creditor", "signer");
  issue("tsa", "tsa");
}

std::string Pki::run(const std::string &line) const {
  const auto command = "cd '" + folder.path().string() + "' && exec 2>&1; " + line;
  FILE *out{popen(command.c_str(), "r")};
  std::string text;
  std::array<char, 4096> piece{};
  while (const auto got = std::fread(piece.data(), 1, piece.size(), out)) text.append(piece.data(), got);
  const int status{pclose(out)};
  BOOST_REQUIRE_MESSAGE(status == 0, line << "\n" << text);
  return text;
}

bool Pki::fails(const std::string &line) const {
  return std::system(("cd '" + folder.path().string() + "' && { " + line + "; } >/dev/null 2>&1").c_str()) !=
         0;
}

std::string Pki::read(const std::string &name) const {
  std::ifstream in{folder.path() / name, std::ios::binary};
  BOOST_REQUIRE_MESSAGE(in.good(), name << " is not there");
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void Pki::write(const std::string &name, std::string_view bytes) const {
  std::ofstream{folder.path() / name, std::ios::binary}.write(bytes.data(),
                                                              static_cast<std::streamsize>(bytes.size()));
}

void Pki::issue(const std::string &name, const std::string &kind, const std::string &from,
                const std::string &until) {
  run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout " + name + ".key -out " +
      name + ".csr -subj '/CN=" + name + "'");
  run("openssl ca -batch -notext -config ca.cnf -extensions " + kind + " -in " + name + ".csr -out " + name +
      ".pem" + (from.empty() ? "" : " -startdate " + from + " -enddate " + until));
  write(name + ".cnf", stamper_config(name));
}

void Pki::revoke(const std::string &name) {
  run("openssl ca -config ca.cnf -revoke " + name + ".pem");
}

void Pki::list_revoked() {
  run("openssl ca -config ca.cnf -gencrl -out crl.pem");
}

Signer Pki::signer(const std::string &name) const {
  auto opened = Signer::open({read(name + ".pem"), read(name + ".key"), {}, {}}, WallClock{}.now());
  BOOST_REQUIRE_MESSAGE(opened.has_value(), opened.error().text());
  return std::move(*opened);
}

std::string Pki::reply_to(const std::string &request, const std::string &authority) const {
  write("request.tsq", request);
  run("openssl ts -reply -config " + authority + ".cnf -section t -queryfile request.tsq -out reply.tsr");
  return read("reply.tsr");
}

Result<std::string> Pki::stamp(const Sha256 &imprint, const std::string &authority) const {
  const auto request = make_stamp_request(imprint);
  if (!request) return request.error();
  return token_of_reply(reply_to(request->der, authority), *request, trust(), WallClock{}.now());
}

}  // namespace relance::evidence::test
