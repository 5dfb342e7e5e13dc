// A reminder as a registered letter of AR24: what it needs of its addressee, and the form that carries it.
#pragma once

#include "plugins/lre/ar24/settings.hpp"

#include <relance/message.hpp>

#include <string>
#include <utility>
#include <vector>

namespace relance::lre::ar24 {

/// What forbids it, before anything leaves: a private person who never consented, no name, too much paper.
[[nodiscard]] std::vector<sdk::Quote::Issue> faults_of(const sdk::Message &message, const Settings &settings);

using FormFields = std::vector<std::pair<std::string, std::string>>;

/// Without what signs a call, the attachments' ids and the one-time code.
[[nodiscard]] FormFields letter_fields(const sdk::Message &message);

/// Documents of the letter: all parts but its words.
[[nodiscard]] std::vector<const sdk::Part *> documents_of(const sdk::Message &message);

struct MultipartFile {
  std::string_view name, file_name, media_type, bytes;
};
/// RFC 7578; `boundary` is one that occurs in no value.
struct Multipart {
  std::string content_type, body;
};
[[nodiscard]] Multipart to_multipart(const FormFields &fields, const MultipartFile *file);

}  // namespace relance::lre::ar24
