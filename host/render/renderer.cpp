// Parsed templates by version, formatters by locale, and one pass of the library for each part of a message.
#include "host/render/renderer.hpp"

#include "host/render/model_context.hpp"
#include "host/render/plain_text.hpp"

#include <algorithm>

namespace relance::render {

namespace {

using kainjow::mustache::mustache;

constexpr std::size_t kTemplatesMax{2048};  // kept parsed; reloads leave old versions behind
constexpr std::size_t kLocalesMax{256};

/// Each character of a short message is paid for: no blank ends, and no fixed spaces (amounts have them), one of which
/// would put the whole text into UCS-2, at twice the price.
std::string spare(std::string text) {
  for (const std::string_view fixed : {"\u00a0", "\u202f"})
    for (auto at = text.find(fixed); at != text.npos; at = text.find(fixed, at + 1)) text.replace(at, fixed.size(), " ");
  constexpr std::string_view kBlank{" \t\r\n"};
  text.erase(0, std::min(text.find_first_not_of(kBlank), text.size()));
  text.erase(text.find_last_not_of(kBlank) + 1);
  return text;
}

std::string as_is(const std::string &text) {
  return text;
}

/// What the library writes to: a string alone, a stream costs more than the values.
struct Joined {
  std::string text;
  Joined &operator<<(const std::string &piece) {
    text += piece;
    return *this;
  }
};

/// A line that holds one tag and nothing else leaves no line behind. The library forgets that where a section
/// is left out or the tag is a remark; a section that is always there, and empty, behind such a tag reminds
/// it.
std::string with_reminders(const std::string &source) {
  constexpr std::string_view kBlank{" \t\r"};
  const auto reminder = "{{#" + std::string{kAlways} + "}}{{/" + std::string{kAlways} + "}}";
  std::string out;
  out.reserve(source.size() + 256);
  for (std::size_t at{0}; at < source.size();) {
    const auto end = std::min(source.find('\n', at), source.size());
    const std::string_view line{source.data() + at, end - at};
    const auto first = line.find_first_not_of(kBlank);
    const auto last = line.find_last_not_of(kBlank);
    const bool is_one_tag{first != line.npos &&
                          (line.substr(first).starts_with("{{/") || line.substr(first).starts_with("{{!")) &&
                          line.find("}}", first) + 1 == last};
    out += is_one_tag ? line.substr(0, last + 1) : line;
    if (is_one_tag) out += reminder;
    if (end < source.size()) out += '\n';
    at = end + 1;
  }
  return out;
}

/// One part of a template, parsed.
struct Body {
  mustache parsed;

  Body(const std::string &source, bool is_html) : parsed{with_reminders(source)} {
    if (!is_html) parsed.set_custom_escape(as_is);
  }
};

struct Parsed {
  Body subject, text;
  std::optional<Body> html, sms, call, opening, closing;

  explicit Parsed(const config::Template &made) : subject{made.subject, false}, text{made.text, false} {
    if (!made.html.empty()) html.emplace(made.html, true);
    if (!made.sms.empty()) sms.emplace(made.sms, false);
    if (!made.call.empty()) call.emplace(made.call, false);
    if (!made.letter) return;
    opening.emplace(made.letter->opening, false);
    closing.emplace(made.letter->closing, false);
  }
};

}  // namespace

struct Renderer::Cache {
  std::unordered_map<std::string, std::unique_ptr<Parsed>> templates;
  std::unordered_map<std::string, std::unique_ptr<Formats>> formats;

  Parsed &parsed(const config::Template &made) {
    auto found = templates.find(made.version);
    if (found != templates.end()) return *found->second;
    if (templates.size() >= kTemplatesMax) templates.clear();
    return *templates.emplace(made.version, std::make_unique<Parsed>(made)).first->second;
  }

  Formats &formats_for(const MessageModel &model) {
    const std::string key{model.language + '/' + model.country};
    auto found = formats.find(key);
    if (found != formats.end()) return *found->second;
    if (formats.size() >= kLocalesMax) formats.clear();
    return *formats.emplace(key, std::make_unique<Formats>(model.language, model.country)).first->second;
  }
};

Renderer::Renderer() : cache_{std::make_unique<Cache>()} {}
Renderer::~Renderer() = default;

namespace {

Result<std::string> fill(Body &body, ModelContext &context, const config::Position &at) {
  if (!body.parsed.is_valid())
    return invalid("the template does not parse: " + body.parsed.error_message(), at.text());
  Joined joined;
  std::string text{std::move(body.parsed.render(context, joined).text)};
  if (!body.parsed.is_valid()) return invalid(body.parsed.error_message(), at.text());
  if (!context.unknown().empty())
    return invalid("there is no {{" + context.unknown() + "}} here; relanced --check-config shows its line",
                   at.text());
  return text;
}

}  // namespace

Result<RenderedMessage> Renderer::render(const config::Template &made, const MessageModel &model, Form form) {
  auto &parsed = cache_->parsed(made);
  ModelContext context{model, cache_->formats_for(model)};
  RenderedMessage message;
  auto subject = fill(parsed.subject, context, made.subject_at);
  if (!subject) return subject.error();
  // Header fields end at a line break: whatever became of the template, the subject stays one line.
  message.subject = one_line(*subject);
  if (form == Form::short_message) {
    if (!parsed.sms) return invalid("the template has no words for a short message: sms", made.text_at.text());
    auto words = fill(*parsed.sms, context, made.sms_at);
    if (!words) return words.error();
    message.text = spare(std::move(*words));
    return message;
  }
  const bool is_script{form == Form::script && parsed.call};
  auto text =
      is_script ? fill(*parsed.call, context, made.call_at) : fill(parsed.text, context, made.text_at);
  if (!text) return text.error();
  message.text = std::move(*text);
  if (!parsed.html || is_script) return message;
  auto html = fill(*parsed.html, context, made.html_at);
  if (!html) return html.error();
  message.html = std::move(*html);
  return message;
}

Result<RenderedLetter> Renderer::render_letter(const config::Template &made, const MessageModel &model) {
  auto &parsed = cache_->parsed(made);
  ModelContext context{model, cache_->formats_for(model)};
  auto subject = fill(parsed.subject, context, made.subject_at);
  if (!subject) return subject.error();
  auto opening = parsed.opening ? fill(*parsed.opening, context, made.letter->opening_at)
                                : fill(parsed.text, context, made.text_at);
  if (!opening) return opening.error();
  RenderedLetter letter{one_line(*subject), std::move(*opening), {}};
  if (!parsed.closing) return letter;
  auto closing = fill(*parsed.closing, context, made.letter->closing_at);
  if (!closing) return closing.error();
  letter.closing = std::move(*closing);
  return letter;
}

}  // namespace relance::render
