// A second symbol for everybody.
#include <relance/plugin.h>

extern "C" RELANCE_EXPORT int relance_bad_second();
extern "C" int relance_bad_second() {
  return 2;
}
