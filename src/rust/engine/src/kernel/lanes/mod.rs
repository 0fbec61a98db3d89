//! Vectors of rows: the one trait under which every kernel is written once.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(all(target_arch = "x86_64", rustc_1_89))]
mod avx512;
mod portable;

#[cfg(target_arch = "x86_64")]
pub(crate) use avx2::Avx2;
#[cfg(all(target_arch = "x86_64", rustc_1_89))]
pub(crate) use avx512::Avx512;
pub(crate) use portable::Portable;

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
    /// The nearest integer.
    unsafe fn round(self) -> Rounded<Self>;
    /// `self * 2^exponent`, but 0 where the exponent is below [`SMALLEST_EXPONENT`], or no number.
    unsafe fn scale_exponent(self, exponent: Rounded<Self>) -> Self;
    /// Sum over the lanes, in a fixed order.
    unsafe fn sum(self) -> f64;
    /// Product over the lanes, in a fixed order.
    unsafe fn product(self) -> f64;
}

/// What [`Lanes::round`] gives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rounded<V> {
    /// The integer.
    pub(crate) integer: V,
    /// The same, in the form in which [`Lanes::scale_exponent`] wants it.
    exponent: V,
}

/// Adding it rounds to an integer and leaves that integer in the low bits.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Below, powers of two are taken as zero: so far above the least normal number that products with
/// columns in ordinary units are normal, too. Some processors take a hundred times as long for what
/// is not.
pub(crate) const SMALLEST_EXPONENT: f64 = -900.0;

/// Rounding for those who scale by adding to the bits of the exponent.
#[inline(always)]
unsafe fn round_into_bits<V: Lanes>(x: V) -> Rounded<V> {
    let exponent = x.add(V::splat(ROUND));
    Rounded {
        integer: exponent.sub(V::splat(ROUND)),
        exponent,
    }
}
