// Keys made for one test, and what the independent verifier of tests/protocol/dkim_verify.py says of a mail.
#pragma once

#include "plugins/protocol/dkim/dkim.hpp"

#include <map>
#include <string>
#include <vector>

namespace relance::dkim::test {

std::string rsa_pem(int bits);
std::string ed25519_pem();
/// The PEM (PKCS #8) of a raw Ed25519 seed, as RFC 8463 writes its sample key.
std::string ed25519_pem(const std::string &seed);

/// By "selector._domainkey.domain".
using Records = std::map<std::string, std::string>;

/// For each mail one line a signature, in the mail's order: "pass rsa-sha256 r1 example.com".
using Verdicts = std::vector<std::vector<std::string>>;
Verdicts verdicts(const std::vector<std::string> &mails, const Records &records);
bool is_verifier_there();

}  // namespace relance::dkim::test
