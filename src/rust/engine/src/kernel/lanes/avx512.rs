//! AVX-512.

// Where the compiler is older than these functions, this file is not compiled.
#![allow(clippy::incompatible_msrv)]

use std::arch::x86_64::*;

use super::{Lanes, Rounded, SMALLEST_EXPONENT};

/// To integers, without exceptions.
const ROUND_TO_NEAREST: i32 = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;

/// Eight doubles in one AVX-512 register.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(__m512d);

impl Lanes for Avx512 {
    const WIDTH: usize = 8;

    #[inline(always)]
    unsafe fn splat(a: f64) -> Self {
        Avx512(_mm512_set1_pd(a))
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        Avx512(_mm512_loadu_pd(from))
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        _mm512_storeu_pd(to, self.0);
    }
    #[inline(always)]
    unsafe fn prefetch(from: *const f64) {
        _mm_prefetch::<_MM_HINT_T0>(from.cast());
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Avx512(_mm512_add_pd(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        Avx512(_mm512_sub_pd(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Avx512(_mm512_mul_pd(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        Avx512(_mm512_div_pd(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        Avx512(_mm512_max_pd(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn mul_add(self, a: Self, b: Self) -> Self {
        Avx512(_mm512_fmadd_pd(self.0, a.0, b.0))
    }
    #[inline(always)]
    unsafe fn round(self) -> Rounded<Self> {
        let integer = Avx512(_mm512_roundscale_pd::<ROUND_TO_NEAREST>(self.0));
        Rounded {
            integer,
            exponent: integer,
        }
    }
    #[inline(always)]
    unsafe fn scale_exponent(self, by: Rounded<Self>) -> Self {
        let smallest = _mm512_set1_pd(SMALLEST_EXPONENT);
        let counts = _mm512_cmp_pd_mask::<_CMP_GE_OQ>(by.integer.0, smallest);
        Avx512(_mm512_maskz_scalef_pd(counts, self.0, by.exponent.0))
    }
    #[inline(always)]
    unsafe fn sum(self) -> f64 {
        _mm512_reduce_add_pd(self.0)
    }
    #[inline(always)]
    unsafe fn product(self) -> f64 {
        _mm512_reduce_mul_pd(self.0)
    }
}
