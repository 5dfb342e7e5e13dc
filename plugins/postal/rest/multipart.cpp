#include "plugins/postal/rest/multipart.hpp"

#include <relance/signature.hpp>

namespace relance::postal::rest {

FormBody multipart(const std::vector<FormPart> &parts) {
  sdk::Sha256 hash;
  for (const auto &part : parts) hash.add(part.name).add(part.bytes);
  const auto boundary = "relance-" + sdk::to_hex(hash.digest()).substr(0, 40);
  FormBody body{"multipart/form-data; boundary=" + boundary, {}};
  for (const auto &part : parts) {
    body.bytes += "--" + boundary + "\r\ncontent-disposition: form-data; name=\"" + part.name + '"';
    if (!part.file_name.empty()) body.bytes += "; filename=\"" + part.file_name + '"';
    if (!part.media_type.empty()) body.bytes += "\r\ncontent-type: " + part.media_type;
    body.bytes.append("\r\n\r\n").append(part.bytes).append("\r\n");
  }
  body.bytes += "--" + boundary + "--\r\n";
  return body;
}

}  // namespace relance::postal::rest
