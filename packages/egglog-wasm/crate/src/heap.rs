//! The allocator: dlmalloc over one linear heap whose end we know.
//!
//! Knowing the end is what makes checkpoints cheap (copy `0..end`) and lets an
//! instance be reused from its first image although memory never shrinks.
use crate::host;
use dlmalloc::{Allocator, Dlmalloc};
use std::alloc::{GlobalAlloc, Layout};
use std::cell::{Cell, UnsafeCell};

const PAGE: usize = 65536;
/// The deadline is looked at once in this many allocations.
const POLL_EVERY: u32 = 1 << 16;

unsafe extern "C" {
    static __heap_base: u8;
}

struct Pages {
    /// End of the heap in use; 0 before the first allocation.
    end: Cell<usize>,
}

// SAFETY: the module is built without threads.
unsafe impl Send for Pages {}

impl Pages {
    fn reserve(&self, size: usize) -> *mut u8 {
        let start = match self.end.get() {
            0 => (&raw const __heap_base as usize).next_multiple_of(PAGE),
            end => end,
        };
        let have = core::arch::wasm32::memory_size(0) * PAGE;
        let Some(end) = start.checked_add(size) else {
            host::memory_exhausted(size)
        };
        if end > have {
            let need = (end - have).div_ceil(PAGE);
            // A growing heap asks for an eighth more, so that growing stays rare.
            let ample = need.max(have / PAGE / 8);
            if core::arch::wasm32::memory_grow(0, ample) == usize::MAX
                && core::arch::wasm32::memory_grow(0, need) == usize::MAX
            {
                host::memory_exhausted(size)
            }
        }
        self.end.set(end);
        start as *mut u8
    }
}

// SAFETY: a range is handed out once; only the end of the last comes back.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let size = size.next_multiple_of(PAGE);
        (self.reserve(size), size, 0)
    }
    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        std::ptr::null_mut()
    }
    /// dlmalloc returns the end of its last range when much of it is free; the
    /// pages stay, but checkpoints and limits no longer count them.
    fn free_part(&self, start: *mut u8, old_size: usize, new_size: usize) -> bool {
        let is_last = start as usize + old_size == self.end.get();
        if is_last {
            self.end.set(start as usize + new_size);
        }
        is_last
    }
    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }
    fn can_release_part(&self, _: u32) -> bool {
        true
    }
    /// A reused instance has old bytes beyond the end of its heap.
    fn allocates_zeros(&self) -> bool {
        false
    }
    fn page_size(&self) -> usize {
        PAGE
    }
}

pub struct Heap {
    inner: UnsafeCell<Dlmalloc<Pages>>,
    until_poll: Cell<u32>,
}

// SAFETY: the module is built without threads.
unsafe impl Sync for Heap {}

impl Heap {
    pub const fn new() -> Self {
        let pages = Pages { end: Cell::new(0) };
        Heap {
            inner: UnsafeCell::new(Dlmalloc::new_with_allocator(pages)),
            until_poll: Cell::new(POLL_EVERY),
        }
    }

    /// One past the last byte that the heap uses.
    pub fn end(&self) -> usize {
        // SAFETY: no allocation is under way when this is called.
        unsafe { (*self.inner.get()).allocator().end.get() }
    }

    fn count_allocation(&self) {
        let left = self.until_poll.get() - 1;
        if left == 0 {
            self.until_poll.set(POLL_EVERY);
            host::check_deadline();
        } else {
            self.until_poll.set(left);
        }
    }
}

// SAFETY: dlmalloc meets the contract; there is one thread.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.count_allocation();
        unsafe { (*self.inner.get()).malloc(layout.size(), layout.align()) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        unsafe { (*self.inner.get()).free(ptr, layout.size(), layout.align()) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        self.count_allocation();
        unsafe { (*self.inner.get()).calloc(layout.size(), layout.align()) }
    }
    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        self.count_allocation();
        unsafe { (*self.inner.get()).realloc(ptr, layout.size(), layout.align(), new_size) }
    }
}
