// How a kernel is compiled for several instruction sets, and how a template knows its type.
#ifndef MULTIVERSION_H
#define MULTIVERSION_H

// CVECTORMATH_BASELINE forces the baseline clone alone, to test it on a newer CPU.
#if defined(__x86_64__) && defined(__linux__) && !defined(CVECTORMATH_BASELINE)
#define MULTIVERSION __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define MULTIVERSION
#endif

// Before a loop whose iterations touch different elements, where the operands lie side by side in
// one buffer or are more than the compiler can tell apart.
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")

#define ALWAYS_INLINE static inline __attribute__((always_inline))

#endif
