//! The hot loops, written once over [`Lanes`] and compiled for what the processor has.
//!
//! A block of rows lies feature by feature: `d` stretches of `stride` doubles, the first
//! `padded` of which are in use. Lanes are rows.

pub(crate) mod affine;
pub(crate) mod copy;
pub(crate) mod lanes;
pub(crate) mod scale;
pub(crate) mod scatter;
pub(crate) mod softmax;
pub(crate) mod squares;
pub(crate) mod sums;
pub(crate) mod whiten;

#[cfg(test)]
mod tests;

use affine::Affine;
#[cfg(target_arch = "x86_64")]
use lanes::Avx2;
#[cfg(all(target_arch = "x86_64", rustc_1_89))]
use lanes::Avx512;
use lanes::{Lanes, Portable};
use scale::Scalers;
use scatter::Moments;
use whiten::Whiteners;

/// The extent of a block: `stride` doubles per feature, `padded` of them in use.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block {
    pub(crate) stride: usize,
    pub(crate) padded: usize,
}

/// Log joint densities are to base two, as [`softmax::power_of_two`] takes them: squared standardised
/// coordinates enter them after multiplication with this, the root of `log2(e) / 2`.
pub(crate) const HALF_ROOT: f64 = 0.849_321_800_288_019_1;

/// Logarithm of `2 pi`.
pub(crate) const LOG_TWO_PI: f64 = 1.837_877_066_409_345_3;

/// Rows are padded to a multiple of this, which every tile's rows divide.
pub(crate) const ROW_MULTIPLE: usize = 16;

impl Block {
    /// A block for `rows` rows in buffers of `stride`.
    pub(crate) fn of(rows: usize, stride: usize) -> Self {
        Block {
            stride,
            padded: rows.next_multiple_of(ROW_MULTIPLE),
        }
    }
}

/// Rows per block: so many that starting on a block costs little, so few that those of a few
/// features stay in the first-level cache; stretches of a power of two would get in each other's
/// way there. [`softmax::softmax`] multiplies up as many sums of at most `k`, which stays finite.
pub(crate) fn block_rows(d: usize, k: usize) -> usize {
    let for_cache = if (5..=16).contains(&d) { 128 } else { 240 };
    let for_range = (300.0 / (k as f64).log10().max(1.0)) as usize;
    for_cache.min(for_range / ROW_MULTIPLE * ROW_MULTIPLE)
}

/// A vector type with the tile sizes that fit its registers.
pub(crate) trait Tiles: Lanes {
    /// Height of the tiles of [`Whiteners`] and [`Affine`].
    const OUTPUTS: usize;
    /// See [`Whiteners::log_joint`].
    unsafe fn whiten(whiteners: &Whiteners, k: usize, x: *const f64, block: Block, out: *mut f64);
    /// See [`Scalers::log_joint`].
    unsafe fn scale(scalers: &Scalers, x: *const f64, block: Block, out: *mut f64);
    /// See [`Affine::apply`].
    unsafe fn apply(affine: &Affine, x: *const f64, block: Block, out: *mut f64);
    /// See [`scatter::accumulate`].
    unsafe fn accumulate(
        x: *const f64,
        weight: *const f64,
        block: Block,
        centre: &[f64],
        scratch: (*mut f64, *mut f64),
        to: Moments<'_>,
    );
    /// See [`squares::accumulate_squares`].
    unsafe fn accumulate_squares(
        x: *const f64,
        weight: *const f64,
        block: Block,
        centre: &[f64],
        to: Moments<'_>,
    );
    /// See [`sums::accumulate_products`].
    unsafe fn accumulate_products(
        x: *mut f64,
        weight: *const f64,
        block: Block,
        d: usize,
        sums: &mut [f64],
    );
    /// See [`sums::accumulate_sums`].
    unsafe fn accumulate_sums(
        x: *const f64,
        weight: *const f64,
        block: Block,
        columns: usize,
        sums: &mut [f64],
    );
}

macro_rules! tiles {
    ($lanes:ty, outputs $outputs:literal x $vectors:literal, products $tall:literal x $wide:literal, squares $columns:literal) => {
        impl Tiles for $lanes {
            const OUTPUTS: usize = $outputs;
            #[inline(always)]
            unsafe fn whiten(
                whiteners: &Whiteners,
                k: usize,
                x: *const f64,
                block: Block,
                out: *mut f64,
            ) {
                whiteners.log_joint::<Self, $outputs, $vectors>(k, x, block, out)
            }
            #[inline(always)]
            unsafe fn scale(scalers: &Scalers, x: *const f64, block: Block, out: *mut f64) {
                scalers.log_joint::<Self, $vectors>(x, block, out)
            }
            #[inline(always)]
            unsafe fn apply(affine: &Affine, x: *const f64, block: Block, out: *mut f64) {
                affine.apply::<Self, $outputs, $vectors>(x, block, out)
            }
            #[inline(always)]
            unsafe fn accumulate(
                x: *const f64,
                weight: *const f64,
                block: Block,
                centre: &[f64],
                scratch: (*mut f64, *mut f64),
                to: Moments<'_>,
            ) {
                scatter::accumulate::<Self, $tall, $wide>(x, weight, block, centre, scratch, to)
            }
            #[inline(always)]
            unsafe fn accumulate_squares(
                x: *const f64,
                weight: *const f64,
                block: Block,
                centre: &[f64],
                to: Moments<'_>,
            ) {
                squares::accumulate_squares::<Self, $columns>(x, weight, block, centre, to)
            }
            #[inline(always)]
            unsafe fn accumulate_products(
                x: *mut f64,
                weight: *const f64,
                block: Block,
                d: usize,
                sums: &mut [f64],
            ) {
                sums::accumulate_products::<Self, $tall, $wide>(x, weight, block, d, sums)
            }
            #[inline(always)]
            unsafe fn accumulate_sums(
                x: *const f64,
                weight: *const f64,
                block: Block,
                columns: usize,
                sums: &mut [f64],
            ) {
                sums::accumulate_sums::<Self, $tall, $wide>(x, weight, block, columns, sums)
            }
        }
    };
}

tiles!(Portable, outputs 4 x 1, products 2 x 2, squares 1);
#[cfg(target_arch = "x86_64")]
tiles!(Avx2, outputs 6 x 2, products 3 x 3, squares 4);
// Larger tiles, for which there are registers, were no quicker.
#[cfg(all(target_arch = "x86_64", rustc_1_89))]
tiles!(Avx512, outputs 6 x 2, products 3 x 3, squares 4);

/// What the processor offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Isa {
    /// Plain Rust.
    Portable,
    /// AVX2 and fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512, with a compiler that knows it.
    #[cfg(all(target_arch = "x86_64", rustc_1_89))]
    Avx512,
}

/// Work to be compiled for every instruction set.
pub(crate) trait Kernel {
    type Output;
    /// Mark it `#[inline(always)]`: it must become part of the function that enables the
    /// instructions.
    ///
    /// # Safety
    /// Only [`Isa::run`] calls it, on a processor that has `V`'s instructions.
    unsafe fn run<V: Tiles>(self) -> Self::Output;
}

impl Isa {
    /// All that this processor has, the best last.
    pub(crate) fn all() -> Vec<Self> {
        let all = vec![Isa::Portable];
        #[cfg(target_arch = "x86_64")]
        let all = [all, Self::of_x86()].concat();
        all
    }

    /// Of x86-64, each with those before it.
    #[cfg(target_arch = "x86_64")]
    fn of_x86() -> Vec<Self> {
        use std::arch::is_x86_feature_detected as has;
        if !has!("avx2") || !has!("fma") {
            return Vec::new();
        }
        #[cfg(rustc_1_89)]
        if has!("avx512f") {
            return vec![Isa::Avx2, Isa::Avx512];
        }
        vec![Isa::Avx2]
    }

    /// The one that the environment variable `GAUSSMIX_ISA` names, or else the best.
    pub(crate) fn detect() -> Self {
        let wanted = std::env::var("GAUSSMIX_ISA");
        Self::chosen(&Self::all(), wanted.as_deref().unwrap_or_default())
    }

    /// The one with this name, or else the best.
    fn chosen(all: &[Self], name: &str) -> Self {
        let named = all.iter().find(|isa| isa.name() == name);
        *named.or(all.last()).expect("plain Rust runs everywhere")
    }

    /// What the user calls it.
    fn name(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => "avx2",
            #[cfg(all(target_arch = "x86_64", rustc_1_89))]
            Isa::Avx512 => "avx512",
        }
    }

    /// Height of the tiles, for which [`Whiteners`] or an [`Affine`] is packed.
    pub(crate) fn outputs(self) -> usize {
        match self {
            Isa::Portable => Portable::OUTPUTS,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => Avx2::OUTPUTS,
            #[cfg(all(target_arch = "x86_64", rustc_1_89))]
            Isa::Avx512 => Avx512::OUTPUTS,
        }
    }

    /// Run the kernel with these instructions.
    pub(crate) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self {
            // SAFETY: plain Rust runs everywhere.
            Isa::Portable => unsafe { kernel.run::<Portable>() },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: only `all` makes this value, after it has seen the instructions.
            Isa::Avx2 => unsafe { on_avx2(kernel) },
            #[cfg(all(target_arch = "x86_64", rustc_1_89))]
            // SAFETY: as above.
            Isa::Avx512 => unsafe { on_avx512(kernel) },
        }
    }
}

/// # Safety
/// The processor must have AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn on_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx2>()
}

/// # Safety
/// The processor must have AVX-512.
#[cfg(all(target_arch = "x86_64", rustc_1_89))]
#[target_feature(enable = "avx512f")]
unsafe fn on_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx512>()
}
