//! Runtime dispatch to AVX2.

/// Runs `task` with the instructions of x86-64-v3 (AVX2, BMI) if the processor has them.
///
/// Only inlined code is compiled for them: `task`, and everything that it calls in its loops, must be
/// `inline(always)`.
#[expect(clippy::inline_always, reason = "see above")]
#[inline(always)]
pub(crate) fn vectorized<T>(task: impl FnOnce() -> T) -> T {
    #[cfg(target_arch = "x86_64")]
    if let Some(v3) = pulp::x86::V3::try_new() {
        return v3.vectorize(task);
    }
    task()
}
