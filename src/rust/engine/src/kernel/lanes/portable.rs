//! Plain Rust.

use super::{round_into_bits, Lanes, Rounded, SMALLEST_EXPONENT};

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
    unsafe fn round(self) -> Rounded<Self> {
        round_into_bits(self)
    }
    #[inline(always)]
    unsafe fn scale_exponent(self, by: Rounded<Self>) -> Self {
        let mut out = self.0;
        for ((value, exponent), integer) in out.iter_mut().zip(by.exponent.0).zip(by.integer.0) {
            let scaled = value.to_bits().wrapping_add(exponent.to_bits() << 52);
            // A mask, not a branch: the compiler has vectors for that.
            let counts = u64::from(integer >= SMALLEST_EXPONENT).wrapping_neg();
            *value = f64::from_bits(scaled & counts);
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
