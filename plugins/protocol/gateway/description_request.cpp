#include "plugins/protocol/gateway/setting_reader.hpp"

#include <algorithm>

namespace relance::gateway {
namespace {

class RequestReader {
 public:
  explicit RequestReader(SettingReader &reader) : reader_{reader} {}

  Request read(const sdk::Json &request) {
    auto &r = request_;
    if (request.is_absent()) {
      reader_.fatal("/request", "is missing: how is a message handed over?");
      return std::move(request_);
    }
    r.method = request["method"].text("POST");
    r.url = reader_.pattern(request["url"], "/request/url");
    if (!r.url.starts_with("https://") && !r.url.starts_with("http://") && !r.url.starts_with('{'))
      reader_.fatal("/request/url", "is no http:// or https:// URL");
    r.timeout_ms = static_cast<std::uint32_t>(request["timeout_s"].integer(60) * 1000);
    r.query = reader_.patterns(request["query"], "/request/query");
    r.headers = reader_.patterns(request["headers"], "/request/headers");
    check_headers();
    read_body(request);
    read_authentication(request["authentication"]);
    return std::move(request_);
  }

 private:
  void check_headers() {
    for (const auto &[name, value] : request_.headers) {
      const bool is_name{!name.empty() && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
               c == '_';
      })};
      if (!is_name) reader_.fatal("/request/headers/" + name, "is no name of a header");
      if (value.find_first_of("\r\n") != value.npos)
        reader_.fatal("/request/headers/" + name, "has a line break");
    }
  }
  void read_body(const sdk::Json &request) {
    auto &r = request_;
    using Body = Request::Body;
    int count{0};
    const auto is = [&](std::string_view name, Body body) {
      if (request[name].is_absent()) return false;
      r.body = body;
      return ++count > 0;
    };
    if (is("json", Body::json)) {
      r.json = request["json"];
      check_document(r.json, "/request/json", reader_.known(),
                     [&](const std::string &path, const std::string &why) { reader_.fatal(path, why); });
    }
    if (is("form", Body::form)) r.form = reader_.patterns(request["form"], "/request/form");
    if (is("multipart", Body::multipart)) {
      r.form = reader_.patterns(request["multipart"], "/request/multipart");
      read_files(request["files"]);
    }
    if (is("text", Body::text)) {
      r.text = reader_.pattern(request["text"], "/request/text");
      r.content_type = request["content_type"].text("text/plain; charset=utf-8");
      const auto escape = escape_named(request["escape"].text("xml"));
      if (!escape) reader_.fatal("/request/escape", "is none of xml, json, url, none");
      r.escape = escape.value_or(Template::Escape::xml);
    }
    if (count > 1) reader_.fatal("/request", "has several bodies; one of json, form, multipart, text");
    if (count == 0 && r.query.empty())
      reader_.fatal("/request", "has neither a body nor a query: nothing would say what to send");
  }
  void read_files(const sdk::Json &files) {
    for (std::size_t i{0}; i < files.items().size(); ++i) {
      const auto path = "/request/files/" + std::to_string(i);
      const auto &file = files.items()[i];
      FilePart part{file["field"].text("file"), file["each"].text(), file["file_name"].text(),
                    file["media_type"].text("application/octet-stream"), file["content"].text()};
      auto inner = reader_.known();
      if (!part.each.empty()) {
        const auto list = reader_.known().lists.find(part.each);
        if (list == reader_.known().lists.end()) {
          reader_.fatal(path + "/each", "there is no list \"" + part.each + '"');
          continue;
        }
        for (const auto &field : list->second) inner.variables.push_back(part.each + '.' + field);
      }
      for (const auto &[name, text] :
           {std::pair{"file_name", part.file_name}, std::pair{"media_type", part.media_type},
            std::pair{"content", part.content}})
        if (const auto why = Template::fault(text, inner); !why.empty())
          reader_.fatal(path + '/' + name, why);
      request_.files.push_back(std::move(part));
    }
  }
  void read_authentication(const sdk::Json &value) {
    if (value.is_absent()) return;
    static constexpr std::pair<std::string_view, Authentication> kTypes[]{
        {"none", Authentication::none},     {"basic", Authentication::basic},
        {"bearer", Authentication::bearer}, {"header", Authentication::header},
        {"query", Authentication::query},   {"hmac", Authentication::hmac},
        {"ovh", Authentication::ovh},       {"sigv4", Authentication::sigv4}};
    static constexpr std::string_view kNeeds[][5]{{},
                                                  {"user", "password"},
                                                  {"token"},
                                                  {"name", "value"},
                                                  {"name", "value"},
                                                  {"header", "secret", "over"},
                                                  {"application_key", "application_secret", "consumer_key"},
                                                  {"access_key", "secret_key", "region", "service"}};
    const auto type = value["type"].text();
    const auto found = std::ranges::find(kTypes, std::string_view{type},
                                         &std::pair<std::string_view, Authentication>::first);
    if (found == std::end(kTypes))
      return reader_.fatal("/request/authentication/type",
                           "is none of none, basic, bearer, header, query, hmac, ovh, sigv4");
    request_.authentication = found->second;
    std::string filled{"{"};
    for (std::size_t i{0}; i < value.names().size(); ++i) {
      const auto &name = value.names()[i];
      const bool is_later{name == "over"};  // names parts of the request, not values
      if (is_later) reader_.check_over(value.items()[i].text(), "/request/authentication/over");
      filled +=
          (i > 0 ? "," : "") + sdk::json_string(name) + ':' +
          sdk::json_string(is_later ? value.items()[i].text()
                                    : reader_.setting(value.items()[i], "/request/authentication/" + name));
    }
    request_.credentials = sdk::Json::parse(filled + '}');
    for (const auto need : kNeeds[static_cast<std::size_t>(found->second)])
      if (!need.empty() && request_.credentials[need].text().empty())
        reader_.fatal("/request/authentication/" + std::string{need}, "is missing");
  }

  SettingReader &reader_;
  Request request_;
};

}  // namespace

Request read_request(const sdk::Json &request, SettingReader &reader) {
  return RequestReader{reader}.read(request);
}

}  // namespace relance::gateway
