// What the linker would have refused with -z defs.
extern "C" void relance_bad_nowhere();
extern void (*const kNeedsIt)();
void (*const kNeedsIt)(){relance_bad_nowhere};
