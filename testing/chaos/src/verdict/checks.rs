//! Checks: queries for what must not exist.

/// What an offender counts as.
#[derive(Clone, Copy, Debug)]
pub(super) enum Charge {
    Lost,
    Doubled,
    Wrong,
}

/// A query that returns a text for each offender.
pub(super) struct Check {
    pub(super) says: &'static str,
    pub(super) charge: Charge,
    pub(super) query: &'static str,
}

pub(super) const CHECKS: &[Check] = &[
    Check {
        says: "were acknowledged and don't exist",
        charge: Charge::Lost,
        query: "select format('%s %s', kind, job) from told
                where job is not null
                  and not exists (select from job_history where id = job)
                  and not exists (select from jobs where id = job)",
    },
    Check {
        says: "have not ended",
        charge: Charge::Lost,
        query: "select format('%s %s, %s, attempt %s, run_at %s, %s', kind, id, state, attempt, run_at, last_error)
                from jobs where kind like 'chaos.%'",
    },
    Check {
        says: "are dead without a reason",
        charge: Charge::Lost,
        query: "select format('%s %s, attempt %s of %s, %s', kind, id, attempt, max_attempts, last_error)
                from job_history
                where kind like 'chaos.%' and kind not in (table doomed) and outcome = 'dead'",
    },
    Check {
        says: "are done, although they must fail",
        charge: Charge::Wrong,
        query: "select format('%s %s', kind, id) from job_history
                where kind in (table doomed) and outcome = 'done'",
    },
    Check {
        says: "are done without their effect",
        charge: Charge::Lost,
        query: "select format('%s %s', kind, id) from job_history
                where kind in (table effective) and outcome = 'done'
                  and not exists (select from chaos_effects where job = id)",
    },
    Check {
        says: "have more than one effect",
        charge: Charge::Doubled,
        query: "select format('%s %s, %s times', min(kind), job, count(*)) from chaos_effects group by job having count(*) > 1",
    },
    Check {
        says: "effects were written by more than one job",
        charge: Charge::Doubled,
        query: "select format('%s of %s by %s', kind, tag, array_agg(job)) from chaos_effects group by kind, tag, step having count(distinct job) > 1",
    },
    Check {
        says: "have an effect and are not done",
        charge: Charge::Doubled,
        query: "select format('%s %s, %s', chaos_effects.kind, job, outcome) from chaos_effects
                left join job_history on id = job
                where outcome is distinct from 'done'",
    },
    Check {
        says: "steps of chains did not run",
        charge: Charge::Lost,
        query: "select format('step %s of %s', step, tag)
                from told, generate_series(0, followers) as step
                where followers > 0
                  and not exists (select from chaos_effects as made
                                  where (made.kind, made.tag, made.step) = (told.kind, told.tag, step::smallint))",
    },
    Check {
        says: "last steps of groups did not run",
        charge: Charge::Lost,
        query: "select format('total of %s', tag) from told
                where kind = 'chaos.total.v1'
                  and not exists (select from chaos_effects as made
                                  where (made.kind, made.tag) = (told.kind, told.tag))",
    },
    Check {
        says: "last steps of groups ran before all members had ended",
        charge: Charge::Wrong,
        query: "select format('total of %s', total.tag)
                from chaos_effects as total
                join job_history as member
                     on member.kind = 'chaos.member.v1' and member.payload->>'group' = total.tag::text
                where total.kind = 'chaos.total.v1'
                group by total.tag, total.at having max(member.finished_at) > total.at",
    },
    Check {
        says: "rows were committed without their job",
        charge: Charge::Lost,
        query: "select format('row of job %s', job) from chaos_requests
                where not exists (select from job_history where id = job)
                  and not exists (select from jobs where id = job)",
    },
    Check {
        says: "were committed without their row",
        charge: Charge::Wrong,
        query: "select format('%s %s', kind, id) from job_history
                where kind like 'chaos.%' and kind not in ('chaos.bulk.v1', 'chaos.tick.v1', 'chaos.total.v1')
                  and coalesce(payload->>'step', '0') = '0'
                  and not exists (select from chaos_requests where job = id)",
    },
    Check {
        says: "keys were not run with their last payload",
        charge: Charge::Lost,
        query: "select format('%s: %s', told.key, max(told.tag)) from told
                where kind = 'chaos.latest.v1'
                group by told.key
                having max(told.tag) > coalesce(
                    (select max(tag) from chaos_effects as made
                     where made.kind = 'chaos.latest.v1' and made.key = told.key), 0)",
    },
    Check {
        says: "keys were enqueued again and did not run since",
        charge: Charge::Lost,
        query: "with asked as (
                    select kind, key, max(at) as at from told
                    where kind in ('chaos.again.v1', 'chaos.latest.v1', 'chaos.debounced.v1')
                    group by kind, key),
                ran as (
                    select kind, payload->>'key' as key, max(last) as at
                    from job_history join started on job = id
                    where kind in ('chaos.again.v1', 'chaos.latest.v1', 'chaos.debounced.v1')
                    group by 1, 2)
                select format('%s %s', kind, key) from asked left join ran using (kind, key)
                where ran.at is null or ran.at < asked.at",
    },
    Check {
        says: "fired more than once",
        charge: Charge::Doubled,
        query: "select format('tick %s of %s', payload->>'tag', payload->>'schedule') from job_history
                where kind = 'chaos.tick.v1'
                group by payload->>'tag', payload->>'schedule' having count(*) > 1",
    },
    Check {
        says: "started more often than they may",
        charge: Charge::Wrong,
        query: "select format('%s %s: %s starts, %s uncounted, attempt %s of %s', kind, id, starts, uncounted, highest,
                              max_attempts)
                from job_history join started on job = id
                where (highest > max_attempts or attempt > max_attempts or starts > max_attempts + uncounted)",
    },
    Check {
        says: "started an attempt again that already counts",
        charge: Charge::Wrong,
        query: "select format('job %s, %s times', job, repeated) from started
                where repeated > 0",
    },
    Check {
        says: "are done and never started",
        charge: Charge::Wrong,
        query: "select format('%s %s', kind, id) from job_history left join started on job = id
                where kind like 'chaos.%' and outcome = 'done' and job is null",
    },
    Check {
        says: "jobs of the survivor started more than once",
        charge: Charge::Doubled,
        query: "select format('%s, %s starts', id, starts) from job_history join started on job = id
                where kind = 'chaos.marathon.v1' and starts > 1",
    },
];
