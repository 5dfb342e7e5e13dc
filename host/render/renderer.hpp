// Fills templates. Keeps what is costly between messages: parsed templates and formatters by locale. Confined
// to one thread.
#pragma once

#include "host/base/result.hpp"
#include "host/render/message.hpp"

#include <memory>

namespace relance::render {

class Renderer {
 public:
  Renderer();
  ~Renderer();
  Renderer(const Renderer &) = delete;
  Renderer &operator=(const Renderer &) = delete;

  /// Deterministic: the same template and model give the same bytes. An unknown name is an `invalid` error
  /// with its place, never an empty word. Nothing in the model can add a line to the subject or a tag to the
  /// HTML.
  Result<RenderedMessage> render(const config::Template &made, const MessageModel &model,
                                 Form form = Form::mail);

  /// The same for a letter. A template without letter words opens with the whole of its text.
  Result<RenderedLetter> render_letter(const config::Template &made, const MessageModel &model);

 private:
  struct Cache;
  std::unique_ptr<Cache> cache_;
};

}  // namespace relance::render
