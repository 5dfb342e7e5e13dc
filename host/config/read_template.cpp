// templates/<id>.<language>.toml: one message in one language. What the mustache in it may say is
// host/render's business; here it must be there.
#include "host/config/draft.hpp"

namespace relance::config {

namespace {

/// Of the content's first character, so that a complaint about line 3 of a text points at the file's line.
Position content_at(const Section &section, const Value &value) {
  return {section.document().file, value.text_line, value.text_column};
}

}  // namespace

/// Bodies may be long and have line breaks, unlike other texts.
std::string read_body(Section &root, std::string_view key, bool is_required, Position &at) {
  const auto *value = root.find(key);
  at = root.at();
  if (value == nullptr || value->kind != ValueKind::text) {
    if (value != nullptr)
      root.issues().error(root.at(*value), '"' + std::string{key} + "\" is " +
                                               std::string{name_of(value->kind)} + ", but must be a text");
    else if (is_required)
      root.issues().error(at,
                          '"' + std::string{key} + "\" is missing; write " + std::string{key} + " = '''…'''");
    return {};
  }
  at = content_at(root, *value);
  if (is_required && value->text.empty()) root.issues().error(at, '"' + std::string{key} + "\" is empty");
  if (value->text.find('\0') != std::string::npos)
    root.issues().error(at, '"' + std::string{key} + "\" holds a NUL character");
  return value->text;
}

void read_template(Draft &draft, const Document &document, std::string_view stem) {
  Section root{document, document.root, draft.issues};
  const auto dot = stem.rfind('.');
  Template made;
  made.id = stem.substr(0, dot);
  made.language = dot == std::string_view::npos ? std::string{} : std::string{stem.substr(dot + 1)};
  made.version = document.version;
  if (!is_id(made.id) || !is_language(made.language)) {
    draft.issues.error({document.file},
                       "the name of a template's file is id.language.toml, such as reminder-1.fr.toml");
    return;
  }
  made.subject = read_body(root, "subject", true, made.subject_at);
  made.text = read_body(root, "text", true, made.text_at);
  made.html = read_body(root, "html", false, made.html_at);
  made.sms = read_body(root, "sms", false, made.sms_at);
  made.call = read_body(root, "call", false, made.call_at);
  if (auto letter = root.table("letter")) read_letter_words(draft, *letter, made);
  root.finish();
  if (made.subject.find_first_of("\r\n") != std::string::npos)
    draft.issues.error(made.subject_at, "the subject has more than one line; write it on one");
  if (!define(draft, draft.templates, "template", std::string{stem}, {document.file})) return;
  if (draft.options.check_template) draft.options.check_template(made, draft.issues);
  draft.configuration.templates.push_back(std::move(made));
}

}  // namespace relance::config
