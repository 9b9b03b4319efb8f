// The templates, compiled for float and for double.
#include "CVectorMath.h"

#include "Templates/scalar_math.h"

// Loops that call the C library, as those for double do, are not vectorised: that is known.
#pragma clang diagnostic ignored "-Wpass-failed"

#define REAL float
#define NAME(name) name##_f32
#include "Templates/elementwise.h"
#include "Templates/arithmetic.h"
#include "Templates/normalization.h"
#include "Templates/training.h"
#include "Templates/recurrent.h"
#include "Templates/embedding.h"
#include "Templates/members.h"
#include "Templates/attention.h"
#undef REAL
#undef NAME

#define REAL double
#define NAME(name) name##_f64
#include "Templates/elementwise.h"
#include "Templates/arithmetic.h"
#include "Templates/normalization.h"
#include "Templates/training.h"
#include "Templates/recurrent.h"
#include "Templates/embedding.h"
#include "Templates/members.h"
#include "Templates/attention.h"
