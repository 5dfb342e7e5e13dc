// A telephone line for tests: N class 1 modems on pseudo-terminals, each joined by its audio to a fax that
// answers (T.30, pages written as TIFF), or to whatever the last digits of the dialled number stand for. Both
// ends are spandsp's: samples, not sound, so an audio clock is stepped here, faster than real time while no
// program has to be waited for. One line of JSON on standard output for each modem and each call; ends with
// its standard input.
#define SPANDSP_EXPOSE_INTERNAL_STRUCTURES 1
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <spandsp.h>
#include <spandsp/expose.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <vector>

namespace {

constexpr int kRate{8000}, kChunk{160};  ///< samples; 20 ms
constexpr int kPatienceMs{20};           ///< as long as a chunk lasts, so audio is never slower than real
constexpr int kTypedAheadMin{512};       ///< bytes of a page that must lie ready before time is made to pass
constexpr int kIdleMs{50};
constexpr int kRingsMs{400};           ///< until somebody answers, or the exchange says what it found
constexpr int kHangUpAfterMs{14'000};  ///< of audio: within the first page
/// The modem's buffer overflows when it is given more at once than lies between its high tide and its end.
constexpr std::size_t kReadMax{256};

/// What is at the other end, by the number's last two digits.
enum class FarEnd : std::uint8_t { fax, busy, silent, hangs_up, noise, voice, no_dial_tone, rings };
FarEnd far_end_of(const std::string &number, int call) {
  const auto ending = number.size() < 2 ? std::string{} : number.substr(number.size() - 2);
  if (ending == "91") return FarEnd::busy;
  if (ending == "92") return FarEnd::silent;
  if (ending == "93") return FarEnd::hangs_up;
  if (ending == "94") return FarEnd::noise;
  if (ending == "95") return FarEnd::voice;
  if (ending == "96") return call == 1 ? FarEnd::busy : FarEnd::fax;  // the second call gets through
  if (ending == "97") return FarEnd::no_dial_tone;
  if (ending == "99") return FarEnd::rings;
  if (ending == "98") return call == 1 ? FarEnd::hangs_up : FarEnd::fax;
  return FarEnd::fax;
}
const char *name_of(FarEnd end) {
  constexpr const char *kNames[]{"fax",   "busy",  "silent",       "hangs_up",
                                 "noise", "voice", "no_dial_tone", "rings"};
  return kNames[static_cast<std::size_t>(end)];
}

/// Which call to that number it is, whatever modem makes it: a file for each.
int count_call(const std::string &number) {
  for (int call{1};; ++call) {
    const int file{
        ::open((number + "-" + std::to_string(call) + ".call").c_str(), O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (file < 0 && errno == EEXIST) continue;
    if (file >= 0) ::close(file);
    return call;
  }
}

class Line {
 public:
  Line(int index, std::string folder) : index_(index), folder_(std::move(folder)) {
    termios raw{};
    ::cfmakeraw(&raw);
    raw.c_cflag |= CREAD | CLOCAL;
    char name[128]{};
    // The far side stays open here: a modem does not hang up because a program closes its port.
    if (::openpty(&master_, &slave_, name, &raw, nullptr) != 0)
      throw std::runtime_error("no pseudo-terminal");
    ::fcntl(master_, F_SETFL, ::fcntl(master_, F_GETFL) | O_NONBLOCK);
    port_ = name;
    make_modem();
    std::printf("{\"modem\": %d, \"port\": \"%s\"}\n", index_, port_.c_str());
    std::fflush(stdout);
  }
  Line(const Line &) = delete;
  Line &operator=(const Line &) = delete;
  ~Line() {
    end_call();
    ::t31_free(modem_);
    ::close(master_);
    ::close(slave_);
  }

  [[noreturn]] void run() {
    for (;;) {
      read_program(patience_ms());
      if (is_calling_) step();
    }
  }

 private:
  void make_modem() {
    modem_ = ::t31_init(nullptr, &Line::to_program, this, &Line::control, this, nullptr, nullptr);
    ::t31_set_transmit_on_idle(modem_, 1);
    ::span_log_set_level(::t31_get_logging_state(modem_), SPAN_LOG_NONE);
  }
  static int to_program(at_state_t *, void *self, const std::uint8_t *bytes, std::size_t count) {
    auto &line = *static_cast<Line *>(self);
    line.tail_.clear();
    for (std::size_t at{0}; at < count;) {
      const auto written = ::write(line.master_, bytes + at, count - at);
      if (written > 0) {
        at += static_cast<std::size_t>(written);
      } else {  // nobody reads: a modem without flow control loses it
        pollfd port{line.master_, POLLOUT, 0};
        if (::poll(&port, 1, 1000) <= 0) break;
      }
    }
    return 0;
  }
  static int control(t31_state_t *, void *self, int operation, const char *number) {
    auto &line = *static_cast<Line *>(self);
    if (operation == AT_MODEM_CONTROL_CALL) line.call(number == nullptr ? "" : number);
    if (operation == AT_MODEM_CONTROL_HANGUP || operation == AT_MODEM_CONTROL_ONHOOK) line.end_call();
    if (operation == AT_MODEM_CONTROL_CTS) line.is_clear_to_send_ = number != nullptr;
    return 0;
  }

  void call(const std::string &dialled) {
    end_call();
    number_.clear();
    for (const char c : dialled)
      if (c >= '0' && c <= '9') number_ += c;
    call_ = count_call(folder_ + "/" + number_);
    far_ = far_end_of(number_, call_);
    is_calling_ = true, is_answered_ = false;
    age_ = 0;
    pages_ = 0, result_ = -1;
  }
  void answer() {
    is_answered_ = true;
    if (far_ == FarEnd::fax || far_ == FarEnd::hangs_up) {
      fax_ = ::fax_init(nullptr, 0);
      ::fax_set_transmit_on_idle(fax_, 1);
      auto *t30 = ::fax_get_t30_state(fax_);
      file_ = folder_ + "/" + number_ + "-" + std::to_string(call_) + ".tif";
      ::t30_set_tx_ident(t30, "answering fax");
      ::t30_set_rx_file(t30, file_.c_str(), -1);
      ::t30_set_ecm_capability(t30, 1);
      ::t30_set_supported_compressions(
          t30, T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION | T30_SUPPORT_T6_COMPRESSION);
      ::t30_set_supported_modems(t30, T30_SUPPORT_V27TER | T30_SUPPORT_V29 | T30_SUPPORT_V17);
      ::t30_set_supported_image_sizes(t30, T30_SUPPORT_US_LETTER_LENGTH | T30_SUPPORT_US_LEGAL_LENGTH |
                                               T30_SUPPORT_UNLIMITED_LENGTH | T30_SUPPORT_215MM_WIDTH);
      ::t30_set_supported_resolutions(t30, T30_SUPPORT_STANDARD_RESOLUTION | T30_SUPPORT_FINE_RESOLUTION);
      ::t30_set_phase_e_handler(t30, &Line::ended, this);
    }
    ::t31_call_event(modem_, AT_CALL_EVENT_CONNECTED);
  }
  static void ended(t30_state_t *t30, void *self, int result) {
    auto &line = *static_cast<Line *>(self);
    t30_stats_t found{};
    ::t30_get_transfer_statistics(t30, &found);
    line.pages_ = found.pages_rx;
    line.result_ = result;
    line.bit_rate_ = found.bit_rate;
    line.has_ecm_ = found.error_correcting_mode != 0;
  }
  void end_call() {
    if (!is_calling_) return;
    is_calling_ = false;
    if (fax_ != nullptr) {
      ::t30_terminate(::fax_get_t30_state(fax_));
      ::fax_free(fax_);
      fax_ = nullptr;
    }
    std::printf(
        "{\"modem\": %d, \"number\": \"%s\", \"call\": %d, \"far_end\": \"%s\", \"audio_ms\": %lld, "
        "\"pages\": %d, \"result\": %d, \"bit_rate\": %d, \"ecm\": %s, \"file\": \"%s\"}\n",
        index_, number_.c_str(), call_, name_of(far_), static_cast<long long>(age_ * 1000 / kRate), pages_,
        result_, bit_rate_, has_ecm_ ? "true" : "false", fax_was_there() ? file_.c_str() : "");
    std::fflush(stdout);
    file_.clear(), bit_rate_ = 0, has_ecm_ = false;
  }
  [[nodiscard]] bool fax_was_there() const { return !file_.empty(); }

  /// How long the program at the port is waited for before the audio clock goes on: not at all while it is
  /// the modem's turn to speak, or while enough of a page lies ready.
  [[nodiscard]] int patience_ms() const {
    if (!is_calling_) return kIdleMs;
    if (far_ == FarEnd::rings) return kPatienceMs;
    const auto mode = modem_->at_state.at_rx_mode;
    const bool is_data{mode == AT_MODE_STUFFED || mode == AT_MODE_HDLC};
    if (mode == AT_MODE_DELIVERY || mode == AT_MODE_CONNECTED) return 0;
    if (mode == AT_MODE_STUFFED && modem_->tx.in_bytes - modem_->tx.out_bytes >= kTypedAheadMin) return 0;
    return tail_.ends_with("\x10\x03") || (!is_data && tail_.ends_with('\r')) ? 0 : kPatienceMs;
  }
  void read_program(int patience_ms) {
    if (!is_clear_to_send_) {
      if (patience_ms > 0 && !is_calling_) is_clear_to_send_ = true;
      return;
    }
    pollfd port{master_, POLLIN, 0};
    if (::poll(&port, 1, patience_ms) <= 0) return;
    char bytes[kReadMax];
    const auto count = ::read(master_, bytes, sizeof bytes);
    if (count <= 0) return;
    tail_ = (tail_ + std::string(bytes, static_cast<std::size_t>(count)));
    tail_.erase(0, tail_.size() - std::min<std::size_t>(tail_.size(), 2));
    ::t31_at_rx(modem_, bytes, static_cast<int>(count));
  }

  /// 20 ms of the call.
  void step() {
    age_ += kChunk;
    const auto age_ms = age_ * 1000 / kRate;
    if (!is_answered_ && age_ms >= kRingsMs) {
      switch (far_) {
        case FarEnd::busy:
          return exchange_says(AT_CALL_EVENT_BUSY);
        case FarEnd::silent:
          return exchange_says(AT_CALL_EVENT_NO_ANSWER);
        case FarEnd::no_dial_tone:
          return exchange_says(AT_CALL_EVENT_NO_DIALTONE);
        case FarEnd::rings:  // until whoever calls gives up
          break;
        default:
          answer();
      }
    }
    if (far_ == FarEnd::hangs_up && is_answered_ && age_ms >= kHangUpAfterMs)
      return exchange_says(AT_CALL_EVENT_HANGUP);
    std::int16_t out[kChunk]{}, in[kChunk]{};
    const int sent{::t31_tx(modem_, out, kChunk)};
    for (int i{sent < 0 ? 0 : sent}; i < kChunk; ++i) out[i] = 0;
    sound_of_far_end(out, in);
    ::t31_rx(modem_, in, kChunk);
  }
  void exchange_says(int event) {
    ::t31_call_event(modem_, event);
    end_call();
  }
  void sound_of_far_end(std::int16_t (&heard)[kChunk], std::int16_t (&said)[kChunk]) {
    if (fax_ != nullptr) {
      ::fax_rx(fax_, heard, kChunk);
      const int count{::fax_tx(fax_, said, kChunk)};
      for (int i{count < 0 ? 0 : count}; i < kChunk; ++i) said[i] = 0;
    } else if (is_answered_ && far_ == FarEnd::noise) {
      for (auto &sample : said) sample = static_cast<std::int16_t>(next_random() % 16'384 - 8'192);
    } else if (is_answered_ && far_ == FarEnd::voice) {
      speak(said);
    }
  }
  /// Vowels in syllables: a low tone with overtones that comes and goes four times a second.
  void speak(std::int16_t (&said)[kChunk]) {
    for (auto &sample : said) {
      ++spoken_;
      const bool is_syllable{(spoken_ / (kRate / 8)) % 2 == 0};
      const int saw{static_cast<int>((spoken_ * 140) % kRate) * 8000 / kRate - 4000};
      const int formant{static_cast<int>((spoken_ * 730) % kRate) * 4000 / kRate - 2000};
      sample = static_cast<std::int16_t>(is_syllable ? saw + formant : 0);
    }
  }
  int next_random() {
    random_ = random_ * 1'103'515'245u + 12'345u;
    return static_cast<int>(random_ >> 16 & 0x7FFF);
  }

  const int index_;
  const std::string folder_;
  std::string port_, number_, file_;
  std::string tail_;  ///< the last two bytes that the program said since the modem spoke
  int master_{-1}, slave_{-1};
  t31_state_t *modem_{nullptr};
  fax_state_t *fax_{nullptr};
  FarEnd far_{FarEnd::fax};
  bool is_calling_{false}, is_answered_{false}, is_clear_to_send_{true}, has_ecm_{false};
  std::int64_t age_{0}, spoken_{0};  ///< samples
  int call_{0}, pages_{0}, result_{-1}, bit_rate_{0};
  std::uint32_t random_{1};
};

}  // namespace

int main(int count, char **words) {
  const int lines{count == 3 ? std::atoi(words[2]) : 0};
  if (lines < 1 || lines > 32) {
    std::fprintf(stderr, "usage: fax_line FOLDER LINES\n");
    return 2;
  }
  std::vector<pid_t> modems;
  for (int i{0}; i < lines; ++i) {
    const auto modem = ::fork();
    if (modem == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      Line{i, words[1]}.run();
    }
    modems.push_back(modem);
  }
  char ignored[64];
  while (::read(STDIN_FILENO, ignored, sizeof ignored) > 0) continue;
  for (const auto modem : modems) ::kill(modem, SIGKILL);
  for (const auto modem : modems) ::waitpid(modem, nullptr, 0);
}
