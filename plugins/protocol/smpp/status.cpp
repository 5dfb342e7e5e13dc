#include "plugins/protocol/smpp/status.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace relance::smpp {
namespace {

using enum Verdict;
constexpr StatusMeaning kStatuses[]{
    {0x00, "ESME_ROK", ok, ""},
    {0x01, "ESME_RINVMSGLEN", configuration, "the text has a length that it does not take"},
    {0x02, "ESME_RINVCMDLEN", configuration, "a PDU has a length that it does not take"},
    {0x03, "ESME_RINVCMDID", configuration, "it does not know this command"},
    {0x04, "ESME_RINVBNDSTS", link, "it does not see this link as bound for that"},
    {0x05, "ESME_RALYBND", configuration,
     "this system_id is bound already: another program uses it, or the account allows fewer links"},
    {0x06, "ESME_RINVPRTFLG", configuration, "it does not take this priority"},
    {0x07, "ESME_RINVREGDLVFLG", configuration, "it does not take this request for receipts"},
    {0x08, "ESME_RSYSERR", temporary, "it has a fault of its own"},
    {0x0A, "ESME_RINVSRCADR", configuration, "it does not take this sender"},
    {0x0B, "ESME_RINVDSTADR", address_dead, "it does not take this number"},
    {0x0C, "ESME_RINVMSGID", policy, "it does not know this message"},
    {0x0D, "ESME_RBINDFAIL", configuration, "it refuses the login"},
    {0x0E, "ESME_RINVPASWD", configuration, "the password is wrong"},
    {0x0F, "ESME_RINVSYSID", configuration, "it does not know this system_id"},
    {0x11, "ESME_RCANCELFAIL", policy, "it could not take the message back"},
    {0x13, "ESME_RREPLACEFAIL", policy, "it could not replace the message"},
    {0x14, "ESME_RMSGQFUL", throttled, "its queue is full"},
    {0x15, "ESME_RINVSERTYP", configuration, "it does not know this service_type"},
    {0x33, "ESME_RINVNUMDESTS", configuration, "a wrong number of destinations"},
    {0x40, "ESME_RINVDESTFLAG", configuration, "a wrong flag of the destination"},
    {0x42, "ESME_RINVSUBREP", configuration, "it does not replace messages"},
    {0x43, "ESME_RINVESMCLASS", configuration, "it does not take messages of this kind: see multipart"},
    {0x44, "ESME_RCNTSUBDL", policy, "no such distribution list"},
    {0x45, "ESME_RSUBMITFAIL", policy, "it could not take the message"},
    {0x48, "ESME_RINVSRCTON", configuration, "it does not take this type of sender: see source_ton"},
    {0x49, "ESME_RINVSRCNPI", configuration, "it does not take this plan of the sender: see source_npi"},
    {0x50, "ESME_RINVDSTTON", configuration, "it does not take this type of number: see destination_ton"},
    {0x51, "ESME_RINVDSTNPI", configuration, "it does not take this plan of numbers: see destination_npi"},
    {0x53, "ESME_RINVSYSTYP", configuration, "it does not know this system_type"},
    {0x54, "ESME_RINVREPFLAG", configuration, "it does not take this replace_if_present_flag"},
    {0x55, "ESME_RINVNUMMSGS", configuration, "a wrong number of messages"},
    {0x58, "ESME_RTHROTTLED", throttled, "more messages than it allows"},
    {0x61, "ESME_RINVSCHED", configuration, "it does not take this time of delivery"},
    {0x62, "ESME_RINVEXPIRY", configuration, "it does not take this validity: see validity"},
    {0x63, "ESME_RINVDFTMSGID", configuration, "it does not know this predefined message"},
    {0x64, "ESME_RX_T_APPN", temporary, "it cannot take it now"},
    {0x65, "ESME_RX_P_APPN", policy, "it will not take it"},
    {0x66, "ESME_RX_R_APPN", policy, "it rejects it"},
    {0x67, "ESME_RQUERYFAIL", policy, "it could not answer the question"},
    {0xC0, "ESME_RINVOPTPARSTREAM", configuration, "it could not read an optional parameter"},
    {0xC1, "ESME_ROPTPARNOTALLWD", configuration, "it does not allow an optional parameter: see multipart"},
    {0xC2, "ESME_RINVPARLEN", configuration, "an optional parameter has a length that it does not take"},
    {0xC3, "ESME_RMISSINGOPTPARAM", configuration, "it misses an optional parameter"},
    {0xC4, "ESME_RINVOPTPARAMVAL", configuration, "it does not take the value of an optional parameter"},
    {0xFE, "ESME_RDELIVERYFAILURE", policy, "it could not be delivered"},
    {0xFF, "ESME_RUNKNOWNERR", unknown, "it does not know what went wrong"},
};

}  // namespace

StatusMeaning meaning_of(std::uint32_t status) {
  const auto *found = std::find_if(std::begin(kStatuses), std::end(kStatuses),
                                   [&](const StatusMeaning &known) { return known.status == status; });
  if (found != std::end(kStatuses)) return *found;
  return {status, {}, policy, "a reason of its own: ask the provider what this number means"};
}

std::string name_of_status(std::uint32_t status) {
  const auto meaning = meaning_of(status);
  if (!meaning.name.empty()) return std::string{meaning.name};
  static constexpr std::string_view kDigits{"0123456789ABCDEF"};
  std::string text{"0x00000000"};
  for (std::size_t at{text.size()}; at > 2; --at, status >>= 4) text[at - 1] = kDigits[status & 0xF];
  return text;
}

}  // namespace relance::smpp
