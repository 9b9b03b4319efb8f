// How a kernel is compiled for several instruction sets, and how a template knows its type.
#ifndef MULTIVERSION_H
#define MULTIVERSION_H

// CVECTORMATH_BASELINE forces the baseline clone alone, to test it on a newer CPU.
#if defined(__x86_64__) && defined(__linux__) && !defined(CVECTORMATH_BASELINE)
#define MULTIVERSION __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define MULTIVERSION
#endif

#define ALWAYS_INLINE static inline __attribute__((always_inline))

#endif
