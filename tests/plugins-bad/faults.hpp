// Which fault this plugin was built with. The same code makes them all; what is wrong is asked where it goes
// wrong.
#ifndef RELANCE_BAD_FAULTS_HPP
#define RELANCE_BAD_FAULTS_HPP

enum class Fault {
#define FAULT(name, test, what) name,
#include "tests/plugins-bad/faults.inc"
#undef FAULT
};
extern const Fault kFault;
inline bool is_bad(Fault fault) {
  return kFault == fault;
}
#endif
