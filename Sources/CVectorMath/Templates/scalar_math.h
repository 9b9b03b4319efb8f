// Functions of one number, for float as branch-free polynomials that the vectoriser can widen,
// for double as the C library's. Coefficients: weighted least squares on Chebyshev nodes towards
// the smallest relative error (Lawson's iteration), computed for this file in 40-digit arithmetic.
#ifndef SCALAR_MATH_H
#define SCALAR_MATH_H

#include <math.h>
#include <string.h>

#include "multiversion.h"

#pragma clang fp contract(fast)

/// 2^n exp(c - n ln 2) for -87.33 <= c <= 88.37, with n the nearest integer of c / ln 2. Relative
/// error 2e-7; a NaN stays one.
ALWAYS_INLINE float scaled_exp_f32(float c, float n) {
    float r = c - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    float p = 1.383683006e-03f;
    p = p * r + 8.374815716e-03f;
    p = p * r + 4.166822585e-02f;
    p = p * r + 1.666642017e-01f;
    p = p * r + 4.999999208e-01f;
    p = p * r + 1.000000036e+00f;
    p = p * r + 1.000000001e+00f;
    int32_t bits = ((int32_t)n + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return p * power;
}
/// Overflows to infinity above 88.37, underflows to zero below -87.33.
ALWAYS_INLINE float exp_f32(float x) {
    float c = x == x ? x : 0.0f;
    c = c < -87.33f ? -87.33f : c;
    c = c > 88.37f ? 88.37f : c;
    float scaled = c * 1.442695041f;
    float y = scaled_exp_f32(c, (float)(int32_t)(scaled + (scaled < 0.0f ? -0.5f : 0.5f)));
    y = x > 88.37f ? INFINITY : y;
    y = x < -87.33f ? 0.0f : y;
    return x == x ? y : x;
}
/// exp(x) for x <= 0, which is what the functions below need; underflows to zero below -87.33.
ALWAYS_INLINE float exp_negative_f32(float x) {
    float c = x < -87.33f ? -87.33f : x;
    float y = scaled_exp_f32(c, (float)(int32_t)(c * 1.442695041f - 0.5f));
    return x < -87.33f ? 0.0f : y;
}
ALWAYS_INLINE double exp_f64(double x) { return exp(x); }

ALWAYS_INLINE float tanh_f32(float x) {
    float a = fabsf(x), s = x * x;
    float p = -5.659972555e-03f;
    p = p * s + 2.059097222e-02f;
    p = p * s + -5.372106250e-02f;
    p = p * s + 1.333112746e-01f;
    p = p * s + -3.333326052e-01f;
    p = p * s + 9.999999961e-01f;
    float e = exp_negative_f32(-2.0f * a);
    float large = copysignf((1.0f - e) / (1.0f + e), x);
    return a < 0.625f ? x * p : large;
}
ALWAYS_INLINE double tanh_f64(double x) { return tanh(x); }

ALWAYS_INLINE float sigmoid_f32(float x) {
    float e = exp_negative_f32(-fabsf(x));
    float high = 1.0f / (1.0f + e);
    return x < 0.0f ? e * high : high;
}
ALWAYS_INLINE double sigmoid_f64(double x) {
    double e = exp(-fabs(x));
    return x < 0.0 ? e / (1.0 + e) : 1.0 / (1.0 + e);
}

/// max(x, 0) + log1p(exp(-|x|)); the logarithm as e times a polynomial on (0, 1].
ALWAYS_INLINE float softplus_f32(float x) {
    float e = exp_negative_f32(-fabsf(x));
    float p = -3.243850813e-03f;
    p = p * e + 1.985067638e-02f;
    p = p * e + -5.695805770e-02f;
    p = p * e + 1.060350526e-01f;
    p = p * e + -1.530550417e-01f;
    p = p * e + 1.967590857e-01f;
    p = p * e + -2.495412767e-01f;
    p = p * e + 3.332996183e-01f;
    p = p * e + -4.999990240e-01f;
    p = p * e + 9.999999953e-01f;
    return (x > 0.0f ? x : 0.0f) + e * p + (x == x ? 0.0f : x);
}
ALWAYS_INLINE double softplus_f64(double x) { return fmax(x, 0.0) + log1p(exp(-fabs(x))) + (x == x ? 0.0 : x); }

/// The standard normal density and distribution at x. The lower tail is
/// exp(-x^2/2) t R(t) with t = 1 / (1 + 0.3 |x|), so that it stays right in relative terms.
ALWAYS_INLINE void normal_f32(float x, float *density, float *distribution) {
    float e = exp_negative_f32(-0.5f * x * x);
    float t = 1.0f / (1.0f + 0.3f * fabsf(x));
    float p = -2.056653687e-02f;
    p = p * t + 1.121148961e-01f;
    p = p * t + -2.274290453e-01f;
    p = p * t + 1.906927378e-01f;
    p = p * t + -7.847288279e-02f;
    p = p * t + 9.562094034e-02f;
    p = p * t + 7.858482408e-02f;
    p = p * t + 1.101912371e-01f;
    p = p * t + 1.195774453e-01f;
    p = p * t + 1.196863826e-01f;
    float tail = e * t * p;
    *density = 0.398942280f * e;
    *distribution = x < 0.0f ? tail : 1.0f - tail;
}
ALWAYS_INLINE void normal_f64(double x, double *density, double *distribution) {
    *density = 0.39894228040143267794 * exp(-0.5 * x * x);
    *distribution = 0.5 * erfc(-x * 0.70710678118654752440);
}

#define TWO_PI 6.283185307179586476925

/// sin(2 pi x): the whole turns are taken off, the rest folded to a quarter; Taylor's polynomial.
ALWAYS_INLINE float sine_of_quarter_f32(float x) {
    float s = x * x;
    float p = 3.819952585f;
    p = p * s + -15.09464258f;
    p = p * s + 42.05869394f;
    p = p * s + -76.70585975f;
    p = p * s + 81.60524928f;
    p = p * s + -41.34170224f;
    p = p * s + 6.283185307f;
    return x * p;
}
ALWAYS_INLINE float part_of_turn_f32(float x) {
    return x - (float)(int32_t)(x + (x < 0.0f ? -0.5f : 0.5f));
}
ALWAYS_INLINE float sine_of_turns_f32(float x) {
    float r = part_of_turn_f32(x);
    return sine_of_quarter_f32(fabsf(r) > 0.25f ? copysignf(0.5f, r) - r : r);
}
ALWAYS_INLINE float cosine_of_turns_f32(float x) {
    return sine_of_quarter_f32(0.25f - fabsf(part_of_turn_f32(x)));
}
ALWAYS_INLINE double sine_of_turns_f64(double x) { return sin(TWO_PI * (x - rint(x))); }
ALWAYS_INLINE double cosine_of_turns_f64(double x) { return cos(TWO_PI * (x - rint(x))); }

ALWAYS_INLINE float sqrt_f32(float x) { return __builtin_elementwise_sqrt(x); }
ALWAYS_INLINE double sqrt_f64(double x) { return __builtin_elementwise_sqrt(x); }
ALWAYS_INLINE float log_f32(float x) { return logf(x); }
ALWAYS_INLINE double log_f64(double x) { return log(x); }

#endif
