//! Vectors of rows: the one trait under which every kernel is written once.

/// `WIDTH` rows side by side.
///
/// # Safety
/// Every method may only be called where the processor has the instructions that the
/// implementor stands for; [`super::Isa`] establishes that once. `load` and `store` touch
/// `WIDTH` doubles at the pointer, aligned or not.
pub(crate) trait Lanes: Copy {
    /// Rows in one vector.
    const WIDTH: usize;
    unsafe fn splat(a: f64) -> Self;
    unsafe fn load(from: *const f64) -> Self;
    unsafe fn store(self, to: *mut f64);
    /// Have the cache line at `from`, which need not be valid, brought near.
    unsafe fn prefetch(from: *const f64);
    unsafe fn add(self, other: Self) -> Self;
    unsafe fn sub(self, other: Self) -> Self;
    unsafe fn mul(self, other: Self) -> Self;
    unsafe fn div(self, other: Self) -> Self;
    unsafe fn max(self, other: Self) -> Self;
    /// `self * a + b`, fused where the processor can.
    unsafe fn mul_add(self, a: Self, b: Self) -> Self;
    /// `self * 2^e`, where `shifted` is `e + 1.5 * 2^52`, and 0 where `exponent < -1021` (there the
    /// powers of two leave the normal numbers).
    unsafe fn scale_exponent(self, shifted: Self, exponent: Self) -> Self;
    /// Sum over the lanes, in a fixed order.
    unsafe fn sum(self) -> f64;
    /// Product over the lanes, in a fixed order.
    unsafe fn product(self) -> f64;
}

/// Below, powers of two are taken as zero.
const SMALLEST_EXPONENT: f64 = -1021.0;

/// Four doubles in plain Rust: what the compiler makes of them on any processor.
#[derive(Clone, Copy)]
pub(crate) struct Portable([f64; 4]);

impl Portable {
    #[inline(always)]
    fn map2(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let (a, b) = (self.0, other.0);
        Portable([f(a[0], b[0]), f(a[1], b[1]), f(a[2], b[2]), f(a[3], b[3])])
    }
}

impl Lanes for Portable {
    const WIDTH: usize = 4;

    #[inline(always)]
    unsafe fn splat(a: f64) -> Self {
        Portable([a; 4])
    }
    #[inline(always)]
    unsafe fn load(from: *const f64) -> Self {
        Portable(from.cast::<[f64; 4]>().read_unaligned())
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f64) {
        to.cast::<[f64; 4]>().write_unaligned(self.0);
    }
    #[inline(always)]
    unsafe fn prefetch(from: *const f64) {
        // Every x86-64 can; elsewhere the standard library has no such function.
        #[cfg(target_arch = "x86_64")]
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(from.cast());
        #[cfg(not(target_arch = "x86_64"))]
        let _ = from;
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        self.map2(other, |a, b| a + b)
    }
    #[inline(always)]
    unsafe fn sub(self, other: Self) -> Self {
        self.map2(other, |a, b| a - b)
    }
    #[inline(always)]
    unsafe fn mul(self, other: Self) -> Self {
        self.map2(other, |a, b| a * b)
    }
    #[inline(always)]
    unsafe fn div(self, other: Self) -> Self {
        self.map2(other, |a, b| a / b)
    }
    #[inline(always)]
    unsafe fn max(self, other: Self) -> Self {
        self.map2(other, |a, b| if a > b { a } else { b })
    }
    #[inline(always)]
    unsafe fn mul_add(self, a: Self, b: Self) -> Self {
        // Not `f64::mul_add`: without the instruction that is a call into the C library.
        self.mul(a).add(b)
    }
    #[inline(always)]
    unsafe fn scale_exponent(self, shifted: Self, exponent: Self) -> Self {
        let mut out = self.0;
        for ((value, shifted), exponent) in out.iter_mut().zip(shifted.0).zip(exponent.0) {
            let scaled = value.to_bits().wrapping_add(shifted.to_bits() << 52);
            // A mask, not a branch: the compiler has vectors for that.
            let is_normal = u64::from(exponent >= SMALLEST_EXPONENT).wrapping_neg();
            *value = f64::from_bits(scaled & is_normal);
        }
        Portable(out)
    }
    #[inline(always)]
    unsafe fn sum(self) -> f64 {
        (self.0[0] + self.0[2]) + (self.0[1] + self.0[3])
    }
    #[inline(always)]
    unsafe fn product(self) -> f64 {
        (self.0[0] * self.0[2]) * (self.0[1] * self.0[3])
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use super::{Lanes, SMALLEST_EXPONENT};
    use std::arch::x86_64::*;

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
        unsafe fn scale_exponent(self, shifted: Self, exponent: Self) -> Self {
            let power = _mm256_slli_epi64::<52>(_mm256_castpd_si256(shifted.0));
            let scaled = _mm256_add_epi64(_mm256_castpd_si256(self.0), power);
            let normal = _mm256_cmp_pd::<_CMP_GE_OQ>(exponent.0, _mm256_set1_pd(SMALLEST_EXPONENT));
            Avx2(_mm256_and_pd(_mm256_castsi256_pd(scaled), normal))
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
}
