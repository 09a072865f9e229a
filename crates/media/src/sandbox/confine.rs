//! The confinement of a decoder process.

use std::{collections::BTreeMap, fs::File, io, os::fd::AsRawFd as _, time::Duration};

use anyhow::Context;
use landlock::{ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::process::{Resource, Rlimit, getpid, setrlimit};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

use super::pool::PICTURES;
use crate::Limits;

/// Confines all threads of this process permanently.
///
/// Fails unless resource limits and the system call filter are in place. Landlock only doubles what the filter
/// denies and is missing from some kernels; its absence is reported on standard error.
pub(super) fn confine(limits: &Limits) -> anyhow::Result<()> {
    let given = lowest_free_descriptor().context("looking for a free descriptor")?;
    limit(Resource::Core, 0)?;
    limit(Resource::As, limits.memory)?;
    setrlimit(Resource::Cpu, processor_time(limits, Duration::ZERO)).context("limiting processor time")?;
    match deny_files_and_network() {
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => {}
        Ok(RulesetStatus::NotEnforced) => {
            eprintln!("this kernel has no landlock; only the system call filter confines the decoder");
        }
        Err(error) => {
            eprintln!("landlock failed, only the system call filter confines the decoder: {error}");
        }
    }
    // Only now, because landlock needs a descriptor for its ruleset. From here on the process can hold one more
    // descriptor.
    limit(Resource::Nofile, u64::from(given) + 1)?;
    seccompiler::apply_filter_all_threads(&system_calls(given)?).context("installing the system call filter")
}

/// Limit on processor time at the end of the next picture, for a process that has `worked` that long on others. The
/// soft limit is raised by the parent alone, up to the hard limit for all pictures of the process.
pub(super) fn processor_time(limits: &Limits, worked: Duration) -> Rlimit {
    let all = limits.timeout.as_secs().max(1) * u64::from(PICTURES) + 1;
    Rlimit { current: Some((worked + limits.timeout).as_secs().clamp(1, all)), maximum: Some(all) }
}

fn limit(resource: Resource, value: u64) -> io::Result<()> {
    Ok(setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })?)
}

/// The number of the next descriptor, a picture's file.
fn lowest_free_descriptor() -> anyhow::Result<u32> {
    Ok(File::open("/dev/null")?.as_raw_fd().try_into()?)
}

/// Denies every kind of access that landlock knows. Also sets `no_new_privs`.
pub(super) fn deny_files_and_network() -> Result<RulesetStatus, landlock::RulesetError> {
    let status = Ruleset::default()
        .handle_access(AccessFs::from_all(ABI::V6))?
        .handle_access(AccessNet::from_all(ABI::V6))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .restrict_self()?;
    Ok(status.ruleset)
}

/// The system calls that decoding needs. All others fail with EPERM.
///
/// An error instead of a kill lets the decoder continue when libc tries another call first.
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
