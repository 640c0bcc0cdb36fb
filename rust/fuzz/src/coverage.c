/* Where C code tells libFuzzer what it ran. gcc knows `trace-pc` alone, libFuzzer everything but that; between them lie
 * libFuzzer's extra counters, which it reads as coverage. */
#include <stdint.h>

enum { BITS = 15 };

__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t counters[1 << BITS];

/* libFuzzer has this symbol too, which only says that it wants another one: the linker wraps it (build.rs). It must not
 * tell of itself. */
__attribute__((no_sanitize_coverage, no_sanitize("address"))) void __wrap___sanitizer_cov_trace_pc(void)
{
  uint64_t place = (uint64_t)(uintptr_t)__builtin_return_address(0) * 0x9e3779b97f4a7c15u;
  counters[place >> (64 - BITS)]++;
}
