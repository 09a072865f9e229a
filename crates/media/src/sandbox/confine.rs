//! What a decoder process gives up before it looks at a picture.

use std::{collections::BTreeMap, fs::File, io, os::fd::AsRawFd as _, time::Duration};

use anyhow::Context;
use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{Resource, Rlimit, getpid, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::pool::PICTURES;
use crate::Limits;

/// Confines every thread of this process for good.
///
/// Resource limits and the system call filter must hold, or this fails. Landlock, which only doubles what the filter
/// already denies, is missing from some kernels; then a line on standard error says so.
pub(super) fn confine(limits: &Limits) -> anyhow::Result<()> {
    let given = lowest_free_descriptor().context("looking for a free descriptor")?;
    limit(Resource::Core, 0)?;
    limit(Resource::As, limits.memory)?;
    setrlimit(Resource::Cpu, processor_time(limits, Duration::ZERO)).context("limiting processor time")?;
    match deny_files_and_network() {
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => {}
        Ok(RulesetStatus::NotEnforced) => {
            eprintln!(
                "this kernel has no landlock; pictures are decoded behind the system call filter alone"
            );
        }
        Err(error) => {
            eprintln!("landlock failed, pictures are decoded behind the system call filter alone: {error}");
        }
    }
    // Only now, since landlock needs a descriptor for its ruleset. One that it is given is all that it can have.
    limit(Resource::Nofile, u64::from(given) + 1)?;
    seccompiler::apply_filter_all_threads(&system_calls(given)?).context("installing the system call filter")
}

/// What a process may have used up at the end of its next picture, after it has `worked` for others. Only the parent can
/// allow more, and never more than for all of its pictures.
pub(super) fn processor_time(limits: &Limits, worked: Duration) -> Rlimit {
    let all = limits.timeout.as_secs().max(1) * u64::from(PICTURES) + 1;
    Rlimit { current: Some((worked + limits.timeout).as_secs().clamp(1, all)), maximum: Some(all) }
}

fn limit(resource: Resource, value: u64) -> io::Result<()> {
    Ok(setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })?)
}

/// The number that the next descriptor gets: a picture's file.
fn lowest_free_descriptor() -> anyhow::Result<u32> {
    Ok(File::open("/dev/null")?.as_raw_fd().try_into()?)
}

/// Handles every kind of access that the kernel knows and allows none of it. Also sets no_new_privs.
pub(super) fn deny_files_and_network() -> Result<RulesetStatus, landlock::RulesetError> {
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V6))?
        .handle_access(AccessNet::from_all(ABI::V6))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .restrict_self()?;
    Ok(status.ruleset)
}

/// The few system calls that decoding needs; each other one fails with EPERM.
///
/// An error instead of a kill keeps the decoder working where a libc tries something else first.
fn system_calls(given: u32) -> anyhow::Result<BpfProgram> {
    const FREE: [i64; 16] = [
        libc::SYS_brk,
        libc::SYS_clock_gettime,
        libc::SYS_close,
        libc::SYS_exit,
        libc::SYS_exit_group,
        libc::SYS_futex,
        libc::SYS_getpid,
        libc::SYS_getrandom,
        libc::SYS_gettid,
        libc::SYS_madvise,
        libc::SYS_munmap,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_sched_yield,
        libc::SYS_sigaltstack,
    ];
    let is = |argument, value| condition(argument, SeccompCmpOp::Eq, value);
    let no_code = condition(2, SeccompCmpOp::MaskedEq(4), 0)?; // PROT_EXEC is 4 on every architecture of Linux.
    let own_pid = u64::try_from(getpid().as_raw_pid()).context("a process id is positive")?;
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        FREE.into_iter().map(|call| (call, Vec::new())).collect();
    rules.insert(libc::SYS_recvmsg, vec![is(0, 0)?]);
    rules.insert(libc::SYS_read, vec![is(0, given.into())?]);
    rules.insert(libc::SYS_write, vec![is(0, 1)?, is(0, 2)?]);
    rules.insert(libc::SYS_writev, vec![is(0, 1)?, is(0, 2)?]);
    rules.insert(libc::SYS_mmap, vec![no_code.clone()]);
    rules.insert(libc::SYS_mprotect, vec![no_code]);
    rules.insert(libc::SYS_mremap, Vec::new());
    rules.insert(libc::SYS_tgkill, vec![is(0, own_pid)?]); // abort() signals itself.
    let filter = SeccompFilter::new(
        rules,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        SeccompAction::Allow,
        std::env::consts::ARCH.try_into().context("no system call filter for this processor")?,
    )?;
    Ok(filter.try_into()?)
}

fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> anyhow::Result<SeccompRule> {
    let condition = SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?;
    Ok(SeccompRule::new(vec![condition])?)
}
