// The one line in which the plugins differ: the build names the fault.
#include "tests/plugins-bad/faults.hpp"

extern const Fault kFault;
const Fault kFault{Fault::RELANCE_FAULT};
