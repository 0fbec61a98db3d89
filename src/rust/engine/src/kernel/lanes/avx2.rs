//! AVX2.

use std::arch::x86_64::*;

use super::{round_into_bits, Lanes, Rounded, SMALLEST_EXPONENT};

/// Four doubles in one AVX2 register, with fused multiply-add.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(__m256d);

impl Lanes for Avx2 {
    const WIDTH: usize = 4;

    #[inline(always)]
    unsafe fn splat(a: f64) -> Self {
        Avx2(_mm256_set1_pd(a))
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        Avx2(_mm256_loadu_pd(from))
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        _mm256_storeu_pd(to, self.0);
    }
    #[inline(always)]
    unsafe fn prefetch(from: *const f64) {
        _mm_prefetch::<_MM_HINT_T0>(from.cast());
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        Avx2(_mm256_add_pd(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        Avx2(_mm256_sub_pd(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        Avx2(_mm256_mul_pd(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        Avx2(_mm256_div_pd(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        Avx2(_mm256_max_pd(self.0, other.0))
    }
    #[inline(always)]
    unsafe fn mul_add(self, a: Self, b: Self) -> Self {
        Avx2(_mm256_fmadd_pd(self.0, a.0, b.0))
    }
    #[inline(always)]
    unsafe fn round(self) -> Rounded<Self> {
        round_into_bits(self)
    }
    #[inline(always)]
    unsafe fn scale_exponent(self, by: Rounded<Self>) -> Self {
        let power = _mm256_slli_epi64::<52>(_mm256_castpd_si256(by.exponent.0));
        let scaled = _mm256_add_epi64(_mm256_castpd_si256(self.0), power);
        let smallest = _mm256_set1_pd(SMALLEST_EXPONENT);
        let counts = _mm256_cmp_pd::<_CMP_GE_OQ>(by.integer.0, smallest);
        Avx2(_mm256_and_pd(_mm256_castsi256_pd(scaled), counts))
    }
    #[inline(always)]
    unsafe fn sum(self) -> f64 {
        let half = _mm_add_pd(
            _mm256_castpd256_pd128(self.0),
            _mm256_extractf128_pd::<1>(self.0),
        );
        _mm_cvtsd_f64(_mm_add_sd(half, _mm_unpackhi_pd(half, half)))
    }
    #[inline(always)]
    unsafe fn product(self) -> f64 {
        let half = _mm_mul_pd(
            _mm256_castpd256_pd128(self.0),
            _mm256_extractf128_pd::<1>(self.0),
        );
        _mm_cvtsd_f64(_mm_mul_sd(half, _mm_unpackhi_pd(half, half)))
    }
}
