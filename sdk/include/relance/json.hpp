// Enough JSON for settings and for what a provider's API says: a reader of any document (RFC 8259, bounded in
// depth) and a writer of strings and flat objects. An author who needs more brings a library of his own.
#ifndef RELANCE_JSON_HPP
#define RELANCE_JSON_HPP

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace relance::sdk {

/// A value read from text. Asking for what is not there gives an absent value, which gives its defaults, so
/// that Json::parse(body)["message"]["id"].text() is safe whatever the body is.
class Json {
 public:
  enum class Kind : std::uint8_t { absent, null, boolean, number, string, array, object };

  Json() = default;
  /// Absent when the text is no JSON.
  static Json parse(std::string_view text) {
    Reader reader{text};
    Json value;
    if (!reader.value(value, 0)) return {};
    reader.skip_space();
    return reader.rest.empty() ? value : Json{};
  }

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is_absent() const { return kind_ == Kind::absent; }
  /// A string's characters; a number, true or false as they were written, as APIs waver between 17 and "17".
  [[nodiscard]] std::string text(std::string_view otherwise = {}) const {
    return kind_ == Kind::string || kind_ == Kind::number || kind_ == Kind::boolean ? text_
                                                                                    : std::string{otherwise};
  }
  /// A whole number that fits; digits in a string too.
  [[nodiscard]] std::int64_t integer(std::int64_t otherwise = 0) const {
    std::int64_t number{0};
    const auto *end = text_.data() + text_.size();
    const auto [stop, fault] = std::from_chars(text_.data(), end, number);
    const bool is_text{kind_ == Kind::number || kind_ == Kind::string};
    return is_text && fault == std::errc{} && stop == end ? number : otherwise;
  }
  [[nodiscard]] bool flag(bool otherwise = false) const {
    return kind_ == Kind::boolean ? text_ == "true" : otherwise;
  }
  /// Of an object: the last member of that name, or an absent value.
  const Json &operator[](std::string_view name) const {
    for (auto member = names_.size(); kind_ == Kind::object && member-- > 0;)
      if (names_[member] == name) return items_[member];
    return absent();
  }
  template <std::size_t N>  // not const char *, which a literal 0 would be too
  const Json &operator[](const char (&name)[N]) const {
    return (*this)[std::string_view{name}];
  }
  /// Of an array.
  const Json &operator[](std::size_t index) const {
    return kind_ == Kind::array && index < items_.size() ? items_[index] : absent();
  }
  /// Of an array or an object (its values, in order).
  [[nodiscard]] const std::vector<Json> &items() const { return items_; }
  [[nodiscard]] const std::vector<std::string> &names() const { return names_; }

 private:
  static constexpr int kDepthMax{
      64};  ///< deeper documents are an attack or a mistake, and the reader recurses

  static const Json &absent() {
    static const Json none;
    return none;
  }

  struct Reader {
    std::string_view rest;

    void skip_space() { rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size())); }
    bool take(std::string_view words) {
      if (!rest.starts_with(words)) return false;
      rest.remove_prefix(words.size());
      return true;
    }
    bool value(Json &out, int depth) {
      skip_space();
      if (rest.empty() || depth > kDepthMax) return false;
      switch (rest.front()) {
        case '{':
          return object(out, depth);
        case '[':
          return array(out, depth);
        case '"':
          out.kind_ = Kind::string;
          return string(out.text_);
        case 'n':
          out.kind_ = Kind::null;
          return take("null");
        case 't':
          out.kind_ = Kind::boolean;
          out.text_ = "true";
          return take("true");
        case 'f':
          out.kind_ = Kind::boolean;
          out.text_ = "false";
          return take("false");
        default:
          return number(out);
      }
    }
    bool object(Json &out, int depth) {
      out.kind_ = Kind::object;
      take("{");
      skip_space();
      if (take("}")) return true;
      for (;;) {
        skip_space();
        if (!string(out.names_.emplace_back())) return false;
        skip_space();
        if (!take(":") || !value(out.items_.emplace_back(), depth + 1)) return false;
        skip_space();
        if (take("}")) return true;
        if (!take(",")) return false;
      }
    }
    bool array(Json &out, int depth) {
      out.kind_ = Kind::array;
      take("[");
      skip_space();
      if (take("]")) return true;
      for (;;) {
        if (!value(out.items_.emplace_back(), depth + 1)) return false;
        skip_space();
        if (take("]")) return true;
        if (!take(",")) return false;
      }
    }
    std::size_t digits(std::size_t at) const {
      while (at < rest.size() && rest[at] >= '0' && rest[at] <= '9') ++at;
      return at;
    }
    bool number(Json &out) {
      std::size_t at{rest.front() == '-' ? 1u : 0u};
      const auto whole = digits(at);
      if (whole == at || (rest[at] == '0' && whole > at + 1)) return false;
      at = whole;
      if (at < rest.size() && rest[at] == '.') {
        const auto end = digits(at + 1);
        if (end == at + 1) return false;
        at = end;
      }
      if (at < rest.size() && (rest[at] == 'e' || rest[at] == 'E')) {
        ++at;
        if (at < rest.size() && (rest[at] == '+' || rest[at] == '-')) ++at;
        const auto end = digits(at);
        if (end == at) return false;
        at = end;
      }
      out.kind_ = Kind::number;
      out.text_ = rest.substr(0, at);
      rest.remove_prefix(at);
      return true;
    }
    bool string(std::string &out) {
      if (!take("\"")) return false;
      for (;;) {
        const auto end = rest.find_first_of("\"\\");
        if (end == rest.npos) return false;
        for (const char c : rest.substr(0, end))
          if (static_cast<unsigned char>(c) < 0x20) return false;
        out += rest.substr(0, end);
        const bool is_end{rest[end] == '"'};
        rest.remove_prefix(end + 1);
        if (is_end) return true;
        if (!escape(out)) return false;
      }
    }
    bool escape(std::string &out) {
      if (rest.empty()) return false;
      static constexpr std::string_view kNames{"\"\\/bfnrt"}, kMeant{"\"\\/\b\f\n\r\t"};
      const char name{rest.front()};
      rest.remove_prefix(1);
      if (const auto at = kNames.find(name); at != kNames.npos) {
        out += kMeant[at];
        return true;
      }
      std::uint32_t code{0}, low{0};
      if (name != 'u' || !hex(code) || (code >= 0xdc00 && code < 0xe000)) return false;
      if (code >= 0xd800 && code < 0xdc00) {
        if (!take("\\u") || !hex(low) || low < 0xdc00 || low >= 0xe000) return false;
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      }
      append_utf8(out, code);
      return true;
    }
    bool hex(std::uint32_t &code) {
      if (rest.size() < 4) return false;
      const auto [end, fault] = std::from_chars(rest.data(), rest.data() + 4, code, 16);
      if (fault != std::errc{} || end != rest.data() + 4) return false;
      rest.remove_prefix(4);
      return true;
    }
    static void append_utf8(std::string &out, std::uint32_t code) {
      const auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
      if (code < 0x80) {
        out += static_cast<char>(code);
      } else if (code < 0x800) {
        out += static_cast<char>(0xc0 | (code >> 6));
        tail(0);
      } else if (code < 0x10000) {
        out += static_cast<char>(0xe0 | (code >> 12));
        tail(6), tail(0);
      } else {
        out += static_cast<char>(0xf0 | (code >> 18));
        tail(12), tail(6), tail(0);
      }
    }
  };

  Kind kind_{Kind::absent};
  std::string text_;
  std::vector<std::string> names_;
  std::vector<Json> items_;
};

/// In quotes, with what must be escaped.
inline std::string json_string(std::string_view text) {
  std::string out{"\""};
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += "\\u00";
      out.append({"01"[c >> 4], "0123456789abcdef"[c & 15]});
    } else {
      out += c;
    }
  }
  return out += '"';
}

/// An object whose values are all strings.
inline std::string json_object(std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
  std::string out{"{"};
  for (const auto &[name, value] : members) {
    if (out.size() > 1) out += ',';
    out += json_string(name) + ':' + json_string(value);
  }
  return out += '}';
}

}  // namespace relance::sdk
#endif
