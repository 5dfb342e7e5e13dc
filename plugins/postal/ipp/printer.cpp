#include "plugins/postal/ipp/printer.hpp"

#include "plugins/postal/states.hpp"

#include <relance/signature.hpp>

#include <charconv>
#include <cstdio>

namespace relance::postal::ipp {
namespace {

using proto::Group;
using proto::Tag;
using proto::Value;

constexpr std::uint64_t kReplyMax{4'194'304};  ///< some thousands of jobs in a list
constexpr std::int32_t kJobsMax{500};          ///< asked for in one list

/// What a status says of the letter that was offered; nothing was printed by a request that has failed.
enum class Says : std::uint8_t {
  busy,       ///< not now
  unfit,      ///< not this document
  settings,   ///< not with these settings, or not for us
  uncertain,  ///< broke while it did what we asked
};
struct Status {
  std::uint16_t code;
  std::string_view name;
  Says says;
};
constexpr Status kStatuses[]{
    {0x0400, "client-error-bad-request", Says::settings},
    {0x0401, "client-error-forbidden", Says::settings},
    {0x0402, "client-error-not-authenticated", Says::settings},
    {0x0403, "client-error-not-authorized", Says::settings},
    {0x0404, "client-error-not-possible", Says::busy},
    {0x0405, "client-error-timeout", Says::busy},
    {0x0406, "client-error-not-found", Says::settings},
    {0x0407, "client-error-gone", Says::settings},
    {0x0408, "client-error-request-entity-too-large", Says::unfit},
    {0x0409, "client-error-request-value-too-long", Says::unfit},
    {0x040A, "client-error-document-format-not-supported", Says::unfit},
    {0x040B, "client-error-attributes-or-values-not-supported", Says::unfit},
    {0x040C, "client-error-uri-scheme-not-supported", Says::settings},
    {0x040D, "client-error-charset-not-supported", Says::settings},
    {0x040E, "client-error-conflicting-attributes", Says::unfit},
    {0x040F, "client-error-compression-not-supported", Says::unfit},
    {0x0410, "client-error-compression-error", Says::unfit},
    {0x0411, "client-error-document-format-error", Says::unfit},
    {0x0412, "client-error-document-access-error", Says::unfit},
    {0x0500, "server-error-internal-error", Says::uncertain},
    {0x0501, "server-error-operation-not-supported", Says::settings},
    {0x0502, "server-error-service-unavailable", Says::busy},
    {0x0503, "server-error-version-not-supported", Says::settings},
    {0x0504, "server-error-device-error", Says::uncertain},
    {0x0505, "server-error-temporary-error", Says::busy},
    {0x0506, "server-error-not-accepting-jobs", Says::busy},
    {0x0507, "server-error-busy", Says::busy},
    {0x0508, "server-error-job-canceled", Says::busy},
    {0x0509, "server-error-multiple-document-jobs-not-supported", Says::settings},
    {0x050A, "server-error-printer-is-deactivated", Says::busy},
    {0x050B, "server-error-too-many-jobs", Says::busy},
    {0x050C, "server-error-too-many-documents", Says::busy},
};

const Status *status_of(std::uint16_t code) {
  for (const auto &status : kStatuses)
    if (status.code == code) return &status;
  return nullptr;
}

proto::Message message_of(const Settings &settings, Operation operation) {
  proto::Message message;
  message.version = settings.version;
  message.code = static_cast<std::uint16_t>(operation);
  auto &group = message.groups.emplace_back(Group{Tag::operation_attributes});
  group.add("attributes-charset", Value::of(Tag::charset, "utf-8"));
  group.add("attributes-natural-language", Value::of(Tag::natural_language, "en"));
  group.add("printer-uri", Value::of(Tag::uri, settings.printer_uri));
  return message;
}

void ask_for_job(Group &group) {
  proto::Attribute wanted{"requested-attributes", {}};
  for (const char *name : {"job-id", "job-name", "job-state", "job-state-reasons", "job-state-message",
                           "number-of-documents", "job-media-sheets-completed"})
    wanted.values.push_back(Value::of(Tag::keyword, name));
  group.attributes.push_back(std::move(wanted));
}

std::string requesting_user(const Settings &settings) {
  return settings.user.empty() ? "relance" : settings.user;
}

}  // namespace

bool Job::waits_for_document() const {
  if (documents) return *documents == 0;
  return state == JobState::held ||
         (state == JobState::pending && reasons.find("job-incoming") != reasons.npos);
}

std::optional<JobRef> JobRef::parse(std::string_view ref) {
  JobRef job;
  const auto *end = ref.data() + ref.size();
  const auto [stop, fault] = std::from_chars(ref.data(), end, job.id);
  if (fault != std::errc{} || stop == end || *stop != '/' || job.id <= 0) return std::nullopt;
  job.key = std::string{stop + 1, end};
  return job.key.empty() ? std::nullopt : std::optional{job};
}

sdk::HttpRequest to_request(const Settings &settings, const proto::Message &message,
                            std::int64_t not_after_ms, bool is_idempotent) {
  sdk::HttpRequest request{.method = "POST", .url = settings.url, .not_after_ms = not_after_ms};
  request.headers = {{"content-type", "application/ipp"}, {"accept", "application/ipp"}};
  if (!settings.password.empty())
    request.headers.emplace_back("authorization",
                                 "Basic " + sdk::to_base64(settings.user + ':' + settings.password));
  request.body = proto::encode(message);
  request.options.timeout_ms = settings.timeout_ms;
  request.options.reply_max = kReplyMax;
  request.options.is_idempotent = is_idempotent;
  return request;
}

Answer read_answer(const Settings &settings, const sdk::HttpReply &reply) {
  if (!reply.is_success()) return {std::nullopt, reply.outcome()};
  auto decoded = proto::decode(reply.body);
  if (!decoded.message)
    return {std::nullopt, sdk::Outcome::unknown("ipp", "no answer of a printer: " + decoded.fault)};
  Answer answer{std::move(decoded.message), {}};
  if (answer.is_success()) return answer;
  const auto code = answer.message->code;
  const auto *status = status_of(code);
  auto words = status_name(code);
  if (const auto *group = answer.message->find(Tag::operation_attributes))
    if (const auto said = words_of(group->text("status-message")); !said.empty()) words += ": " + said;
  auto &outcome = answer.outcome;
  switch (status == nullptr ? Says::uncertain : status->says) {
    case Says::unfit:
      outcome = sdk::Outcome::rejected(sdk::FailureClass::policy, status_name(code), words);
      break;
    case Says::busy:
      outcome = sdk::Outcome::not_sent(status_name(code), words, settings.busy_pause_ms);
      outcome.whole_instance = true;
      break;
    case Says::settings:
      outcome = sdk::Outcome::not_sent(status_name(code), words);
      outcome.failure = sdk::FailureClass::configuration;
      outcome.whole_instance = true;
      break;
    case Says::uncertain:
      outcome = sdk::Outcome::unknown(status_name(code), words);
      break;
  }
  return answer;
}

proto::Message new_job(const Settings &settings, Operation operation, std::string_view key) {
  auto message = message_of(settings, operation);
  auto &group = message.groups.front();
  group.add("requesting-user-name", Value::of(Tag::name, requesting_user(settings)));
  group.add("job-name", Value::of(Tag::name, key));
  group.add("ipp-attribute-fidelity", Value::of_boolean(true));
  if (operation != Operation::create_job)
    group.add("document-format", Value::of(Tag::mime_media_type, "application/pdf"));
  auto &job = message.groups.emplace_back(Group{Tag::job_attributes});
  job.add("media", Value::of(Tag::keyword, settings.media));
  job.add("sides", Value::of(Tag::keyword, settings.sides));
  return message;
}

proto::Message about_job(const Settings &settings, Operation operation, std::int32_t id) {
  auto message = message_of(settings, operation);
  auto &group = message.groups.front();
  group.add("job-id", Value::of_integer(id));
  group.add("requesting-user-name", Value::of(Tag::name, requesting_user(settings)));
  if (operation == Operation::get_job_attributes) ask_for_job(group);
  if (operation == Operation::send_document) {
    group.add("document-format", Value::of(Tag::mime_media_type, "application/pdf"));
    group.add("last-document", Value::of_boolean(true));
  }
  return message;
}

proto::Message list_jobs(const Settings &settings, bool is_completed) {
  auto message = message_of(settings, Operation::get_jobs);
  auto &group = message.groups.front();
  group.add("requesting-user-name", Value::of(Tag::name, requesting_user(settings)));
  group.add("limit", Value::of_integer(kJobsMax));
  group.add("which-jobs", Value::of(Tag::keyword, is_completed ? "completed" : "not-completed"));
  ask_for_job(group);
  return message;
}

std::vector<Job> jobs_of(const proto::Message &answer) {
  std::vector<Job> jobs;
  for (const auto &group : answer.groups) {
    if (group.tag != Tag::job_attributes) continue;
    const auto id = group.integer("job-id"), state = group.integer("job-state");
    if (!id || !state || *state < 3 || *state > 9) continue;
    Job job{.id = *id,
            .name = std::string{group.text("job-name")},
            .state = static_cast<JobState>(*state),
            .documents = group.integer("number-of-documents"),
            .sheets = group.integer("job-media-sheets-completed")};
    for (const auto &attribute : group.attributes)
      if (attribute.name == "job-state-reasons")
        for (const auto &value : attribute.values)
          job.reasons += (job.reasons.empty() ? "" : ",") + value.bytes;
    job.reasons = words_of(job.reasons);
    job.message = words_of(group.text("job-state-message"));
    jobs.push_back(std::move(job));
  }
  return jobs;
}

std::string status_name(std::uint16_t code) {
  if (const auto *status = status_of(code)) return std::string{status->name};
  char text[16]{};
  std::snprintf(text, sizeof text, "status 0x%04X", code);
  return text;
}

}  // namespace relance::postal::ipp
