// The templates, compiled for float and for double.
#include "CVectorMath.h"

#include "Templates/scalar_math.h"

#define REAL float
#define NAME(name) name##_f32
#include "Templates/elementwise.h"
#include "Templates/arithmetic.h"
#include "Templates/normalization.h"
#include "Templates/training.h"
#undef REAL
#undef NAME

#define REAL double
#define NAME(name) name##_f64
#include "Templates/elementwise.h"
#include "Templates/arithmetic.h"
#include "Templates/normalization.h"
#include "Templates/training.h"
