//! Small blocks of memory, kept by the thread that used them last.
//!
//! Most data have few rows and columns, and a search makes tens of thousands of iterations on them,
//! each of which asks for a few dozen small matrices: the system's allocator would take an eighth
//! of the time.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;

/// Blocks that are kept come in multiples of so many bytes.
const UNIT: usize = 32;
/// Sizes of blocks that are kept: larger ones are the system's, and those of stricter alignment.
const SIZES: usize = 256;
const ALIGNMENT: usize = 16;

/// What a thread keeps.
struct Kept {
    /// Of every size the first block that is free; each begins with the address of the next.
    free: [Cell<*mut u8>; SIZES],
    /// Whether nothing more is kept.
    is_closed: Cell<bool>,
}

// To fill an array with; nobody shares it.
#[allow(clippy::declare_interior_mutable_const)]
const NOTHING: Cell<*mut u8> = Cell::new(ptr::null_mut());

thread_local! {
    /// It needs no destructor, and so it is there as long as its thread.
    static KEPT: Kept = const {
        Kept {
            free: [NOTHING; SIZES],
            is_closed: Cell::new(false),
        }
    };
}

/// An allocator for the whole program: a block that is given back serves the next call of its size
/// by the same thread, until [`Pool::release`]. Where threads have memory of their own without
/// allocating it: on Unix.
#[derive(Debug)]
pub struct Pool;

impl Pool {
    /// Give the blocks that this thread keeps back to the system.
    pub fn release() {
        KEPT.with(|kept| {
            for (size, first) in kept.free.iter().enumerate() {
                let mut at = first.replace(ptr::null_mut());
                while !at.is_null() {
                    // SAFETY: only `dealloc` puts blocks there, which the system gave by this
                    // layout, and each begins with the address of the next.
                    unsafe {
                        let next = *at.cast();
                        System.dealloc(at, block(size));
                        at = next;
                    }
                }
            }
        });
    }

    /// The same at the end of a thread, which then keeps nothing that its destructors give back.
    pub(crate) fn close() {
        KEPT.with(|kept| kept.is_closed.set(true));
        Self::release();
    }
}

/// Of which size a block is kept, unless it is the system's.
fn size_of(layout: Layout) -> Option<usize> {
    let is_kept = layout.size() <= SIZES * UNIT && layout.size() > 0 && layout.align() <= ALIGNMENT;
    is_kept.then(|| (layout.size() - 1) / UNIT)
}

/// What the system is asked for.
fn block(size: usize) -> Layout {
    Layout::from_size_align((size + 1) * UNIT, ALIGNMENT).expect("a small block")
}

// SAFETY: a block is either the system's, for the very layout of the call, or one of `block(size)`,
// which is at least as large and as aligned; it is in a list only while nobody else has it, and
// lists belong to one thread. Nothing here allocates or unwinds.
unsafe impl GlobalAlloc for Pool {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let Some(size) = size_of(layout) else {
            return System.alloc(layout);
        };
        let kept = KEPT.with(|kept| {
            let first = kept.free[size].get();
            if !first.is_null() {
                kept.free[size].set(*first.cast());
            }
            first
        });
        if kept.is_null() {
            System.alloc(block(size))
        } else {
            kept
        }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        let Some(size) = size_of(layout) else {
            return System.dealloc(at, layout);
        };
        KEPT.with(|kept| {
            if kept.is_closed.get() {
                System.dealloc(at, block(size));
            } else {
                *at.cast() = kept.free[size].get();
                kept.free[size].set(at);
            }
        });
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if size_of(layout).is_none() {
            return System.alloc_zeroed(layout);
        }
        let at = self.alloc(layout);
        if !at.is_null() {
            at.write_bytes(0, layout.size());
        }
        at
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, length: usize) -> *mut u8 {
        let wanted = Layout::from_size_align_unchecked(length, layout.align());
        match (size_of(layout), size_of(wanted)) {
            (None, None) => return System.realloc(at, layout, length),
            (Some(before), Some(after)) if before == after => return at,
            _ => {}
        }
        let to = self.alloc(wanted);
        if !to.is_null() {
            to.copy_from_nonoverlapping(at, layout.size().min(length));
            self.dealloc(at, layout);
        }
        to
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(length: usize, alignment: usize) -> Layout {
        Layout::from_size_align(length, alignment).unwrap()
    }

    /// Bytes that tell where they are.
    unsafe fn fill(at: *mut u8, length: usize) {
        for i in 0..length {
            at.add(i).write(i as u8);
        }
    }

    unsafe fn is_filled(at: *mut u8, length: usize) -> bool {
        (0..length).all(|i| *at.add(i) == i as u8)
    }

    #[test]
    fn a_block_serves_the_next_call_of_its_size_until_it_is_released() {
        let (this, other) = (layout(40, 8), layout(UNIT + 1, 1));
        // SAFETY: every block is given back once, with its layout.
        unsafe {
            let first = Pool.alloc(this);
            fill(first, 40);
            Pool.dealloc(first, this);
            let second = Pool.alloc(other);
            assert_eq!(first, second);
            let third = Pool.alloc(this);
            assert_ne!(second, third);
            Pool.dealloc(second, other);
            Pool.dealloc(third, this);
            Pool::release();
            KEPT.with(|kept| assert!(kept.free.iter().all(|first| first.get().is_null())));
        }
    }

    #[test]
    fn blocks_keep_what_is_in_them_whatever_their_size_becomes() {
        let lengths = [
            1,
            UNIT,
            UNIT + 1,
            100,
            SIZES * UNIT,
            SIZES * UNIT + 1,
            100_000,
        ];
        for from in lengths {
            for to in lengths {
                // SAFETY: as above.
                unsafe {
                    let at = Pool.alloc(layout(from, 8));
                    fill(at, from);
                    let at = Pool.realloc(at, layout(from, 8), to);
                    assert!(is_filled(at, from.min(to)), "{from} {to}");
                    Pool.dealloc(at, layout(to, 8));
                }
            }
        }
        Pool::release();
    }

    #[test]
    fn blocks_are_aligned_and_zeroed_where_that_is_asked_for() {
        for length in [8, 64, 2048, 5000] {
            for alignment in [1, 8, 16, 32, 64, 256] {
                let layout = layout(length, alignment);
                // SAFETY: as above.
                unsafe {
                    let used = Pool.alloc(layout);
                    fill(used, length);
                    Pool.dealloc(used, layout);
                    let at = Pool.alloc_zeroed(layout);
                    assert_eq!(at as usize % alignment, 0);
                    assert!((0..length).all(|i| *at.add(i) == 0));
                    Pool.dealloc(at, layout);
                }
            }
        }
        Pool::release();
    }

    #[test]
    fn another_thread_may_give_a_block_back_and_keeps_none_once_it_is_closed() {
        let layout = layout(200, 8);
        // SAFETY: as above.
        let at = unsafe { Pool.alloc(layout) } as usize;
        let other = std::thread::spawn(move || {
            // SAFETY: the other thread has given it up.
            unsafe { Pool.dealloc(at as *mut u8, layout) };
            Pool::close();
            // SAFETY: as above.
            unsafe { Pool.dealloc(Pool.alloc(layout), layout) };
            KEPT.with(|kept| assert!(kept.free.iter().all(|first| first.get().is_null())));
        });
        other.join().unwrap();
    }
}
