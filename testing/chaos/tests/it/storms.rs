//! A short storm on the site, and tests that its checks find what is wrong.

use std::path::Path;

use pawdium_chaos::storm::checks::{Finding, JOBS_BALANCE, check_files, check_rows};
use pawdium_chaos::storm::order;
use pawdium_chaos::storm::told::Told;
use pawdium_shared::config::MediaConfig;
use pawdium_shared::store::MediaStore;
use sqlx::{AssertSqlSafe, Executor as _, PgPool};
use url::Url;

use crate::bench::run_chaos;

/// Its length in seconds, enough for a round of faults.
const DURATION: &str = "14";

#[tokio::test]
async fn a_short_storm_leaves_every_invariant_whole() {
    let said = run_chaos(&["--only", "site", "--duration", DURATION, "--seed", "5"]).await;
    let last = said.lines().last().unwrap_or_default();
    let words: Vec<&str> = last.split(' ').collect();
    let ["chaos:", "the", "site:", acts, "acts,", faults, "faults,", checks, "checks,", "0", "wrong"] =
        words[..]
    else {
        panic!("{said}");
    };
    let number = |text: &str| text.parse::<u64>().expect("a number");
    assert!(number(acts) > 100 && number(faults) > 3 && number(checks) > 20, "{said}");
}

/// Two users. The second has rated the live photo of the first with 7.
const WHOLE: &str = "
    insert into users (id, rater_key) overriding system value values (1, 1), (2, 2);
    insert into photos (id, owner_id, title, species, state, source_hash) overriding system value
        values (1, 1, 'A cat', 'cat', 'processing', sha256('a cat'));
    insert into photo_files (photo_id, edge, key, width, height, bytes)
        select 1, edge, 'key', 1, 1, 1 from unnest('{1080,540,160}'::smallint[]) as edge;
    insert into photo_stats (photo_id, histogram) values (1, '{0,0,0,0,0,0,1,0,0,0}');
    insert into ratings (photo_id, rater_id, value, lane, ballot_at) values (1, 2, 7, 'random', now());
    insert into rater_positions (rater_id) values (2);
    update photos set state = 'live', slot = 1, live_at = now();
    insert into sessions (token_hash, user_id, expires_at) values (sha256('session'), 2, 'infinity');";

/// A hub with a call and a talk, which says that it has a vote.
macro_rules! with_talk {
    ($more:literal) => {
        concat!(
            "insert into hubs (slug, name, archived_at) values ('cats', 'Cats', now());
             insert into calls (hub_id, title, seed) select id, 'Talks', decode(repeat('00', 16), 'hex') from hubs;
             insert into talks (call_id, author_id, title, title_key, votes)
             select id, 1, 'Cats', 'cats', 1 from calls;",
            $more,
        )
    };
}

/// A mistake: SQL that makes it, the name of the check that finds it, and what was acknowledged before.
type Tampering = (&'static str, &'static str, Told);

/// All mistakes.
fn tamperings() -> Vec<Tampering> {
    let of_rows =
        tamperings_with_photos().into_iter().chain(tamperings_with_people()).chain(tamperings_with_acts());
    let mut all: Vec<Tampering> = of_rows.map(|(sql, check)| (sql, check, Told::default())).collect();
    all.extend([
        (
            "select 1",
            "who was merged or deleted is gone, and owns nothing",
            Told { deleted: vec![2], ..Told::default() },
        ),
        (
            "insert into users (id, rater_key) overriding system value values (3, 3)",
            "a rating that was acknowledged is there",
            Told { ratings: vec![(1, 2), (1, 3)], ..Told::default() },
        ),
        (
            "select 1",
            "an upload that was acknowledged is there",
            Told { photos: vec![(1, 1), (5, 1)], ..Told::default() },
        ),
    ]);
    all
}

/// Mistakes in photos, their pictures and ratings.
fn tamperings_with_photos() -> Vec<(&'static str, &'static str)> {
    vec![
        ("update photo_stats set histogram[7] = 2", "a histogram equals the photo's ratings"),
        ("delete from ratings", "a histogram equals the photo's ratings"),
        (
            "alter table rater_positions drop constraint rater_positions_pkey;
             insert into rater_positions (rater_id) values (2)",
            "a rater has one position, and one rating of a photo",
        ),
        ("update ratings set rater_id = 1", "nobody has rated a photo of their own"),
        (
            "insert into taken_back_ratings (photo_id, picture, rater_id, ballot_at)
             select photo_id, picture, rater_id, ballot_at + interval '1 second'
             from ratings join photos on photos.id = photo_id",
            "no ballot counts that was used for a rating which was taken back",
        ),
        (
            "insert into earlier_ratings (photo_id, picture, rater_id, value, lane, ballot_at, rated_at)
             select photo_id, 1, rater_id, value, lane, ballot_at, rated_at from ratings",
            "the ratings of the picture that a photo shows are not among those of its others",
        ),
        (
            "update photos set revision_number = 4;
             insert into photo_revisions (photo_id, number, title, alt, species, tags, picture, since)
             select id, 1, title, alt, species, tags, 1, now() from photos",
            "a photo has at most fifty revisions, numbered without gaps up to the present one",
        ),
        (
            "update photos set picture = 2",
            "a live photo's pictures that crops need are kept, and it shows one of them",
        ),
        (
            "insert into photo_crops (photo_id, picture, crop_x, crop_y, crop_side)
             select id, 2, 0, 0, 300 from photos",
            "a crop that is to be made has its job, and is of a live photo",
        ),
        (
            "insert into photos (id, owner_id, parent_id, depth, title, species, state) overriding system value
             select id + 1, owner_id, id, 3, 'A remix', 'cat', 'draft' from photos",
            "a remix is one deeper than its parent",
        ),
        (
            "delete from photo_files where edge = 160",
            "a live photo names its three files, and one that is away only while a moderator can undo that",
        ),
        (
            "update photos set state = 'hidden'",
            "a live photo names its three files, and one that is away only while a moderator can undo that",
        ),
        (
            "insert into photo_ranks values (1, 7, 1); delete from photo_files; update photos set state = 'hidden'",
            "only live photos have a place",
        ),
        (
            "delete from photo_files; update photos set state = 'processing'",
            "a photo that is processing has its job",
        ),
        (
            "update photos set state = 'hidden';
             insert into blocked_pictures (source_hash, reason, blocker) values (sha256('a cat'), 'No', 'ada');
             set constraints all immediate;
             update photos set state = 'live'",
            "no photo went live after its picture was blocked",
        ),
    ]
}

/// Mistakes in accounts, cases, hubs, comments and imports.
fn tamperings_with_people() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "update users set name = 'bob', email = 'b@example.org', password_hash = 'x' where id = 2;
             update users set password_hash = 'y' where id = 2",
            "no session is older than its user's password, but for the one that changed it",
        ),
        (
            "insert into cases (about, thing_id, weight, reports) values ('photo', 1, 1000, 2);
             insert into reports (case_id, reporter_id, category, weight) select id, 2, 'spam', 1000 from cases",
            "a case counts its reports, and weighs what they weigh",
        ),
        (
            "insert into photos (id, owner_id, parent_id, depth, title, species, state, slot, live_at)
             overriding system value
             select 9, owner_id, id, 1, 'Remix', species, 'live', 900, now() from photos where id = 1;
             update photos set state = 'hidden' where id = 1;
             insert into acts (actor, act, thing, thing_id, before) values ('mo', 'hide_photo', 'photo', 1, '{}')",
            "moderators judge the remixes of what they take away",
        ),
        (
            "insert into cases (about, thing_id, weight, reports) values ('photo', 1, 1000, 1);
             insert into reports (case_id, reporter_id, category, weight, outcome, settled_at)
             select id, 2, 'spam', 1000, 'upheld', now() from cases",
            "reports are settled with their case, and as it is",
        ),
        (
            "insert into cases (about, thing_id, weight, hidden_at, before) values ('photo', 1, 0, now(), '{}')",
            "a photo that waits to be judged is hidden, unless its owner has deleted it",
        ),
        (
            "insert into hubs (slug, name) values ('cats', 'Cats')",
            "a hub has an owner, unless it is archived",
        ),
        (
            "insert into comments (photo_id, author_id, text) values (1, 2, 'Blep.');
             update comment_counts set shown = 2",
            "a photo's count of comments equals those that are shown",
        ),
        (
            "insert into comments (photo_id, author_id, text) values (1, 2, 'Blep.');
             insert into comments (photo_id, author_id, reply_to, text) select 1, 2, id, 'To that.' from comments;
             insert into comments (photo_id, author_id, reply_to, text)
             select 1, 2, id, 'To the reply.' from comments where reply_to is not null",
            "a reply stands below a comment on the same photo that answers none",
        ),
        (
            "insert into comments (photo_id, author_id, text) values (1, null, 'Blep.')",
            "what its author has deleted keeps neither text nor author, and what is shown has both",
        ),
        (
            "insert into comments (photo_id, author_id, text, state, held_for) values (1, 2, 'Blep.', 'held', 'first');
             insert into notifications (user_id, kind, fold, actor_id, photo_id, comment_id)
             select 1, 'comment', 'comment:1', 2, 1, id from comments",
            "notifications tell of comments that are shown, and of nobody whom the member has blocked",
        ),
        (
            "insert into hubs (slug, name, archived_at) values ('cats', 'Cats', now());
             insert into hub_roles (hub_id, user_id, role) select id, 2, 'subscriber' from hubs",
            "only registered users have roles in hubs, and nobody is member and owner of one",
        ),
        (
            "insert into hubs (slug, name, archived_at) values ('cats', 'Cats', now());
             insert into hub_roles (hub_id, user_id, role) select id, 2, 'member' from hubs;
             insert into hub_requests (hub_id, user_id) select id, 2 from hubs",
            "who asks to become a member of a hub is none",
        ),
        (
            "insert into hubs (slug, name, archived_at) values ('cats', 'Cats', now()), ('dogs', 'Dogs', now());
             insert into hub_slugs (slug, hub_id) select 'dogs', id from hubs where slug = 'cats'",
            "no hub's slug redirects to another",
        ),
        (
            "insert into imports (owner_id, name, bytes, print, species, state)
             values (1, 'cats.zip', 1, sha256('cats'), 'cat', 'done')",
            "each file of an import that has ended has an outcome, and a draft of its own if it is imported",
        ),
    ]
}

/// Mistakes in what moderators do, in topics, credentials and talks.
fn tamperings_with_acts() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "update users set silenced_until = 'infinity' where id = 2",
            "a user's standing is what the sanctions in force say",
        ),
        (
            "update users set barred_until = 'infinity' where id = 2",
            "who is suspended or banned has no session",
        ),
        (
            "insert into sanctions (user_id, kind, reason, imposer) values (2, 'ban', 'No', 'ada')",
            "a banned member's ratings are withdrawn, and nobody else's",
        ),
        (
            "insert into withheld (owner_id, photo_id, state) values (1, 1, 'live')",
            "what is withheld is hidden, and belongs to a member whose content is",
        ),
        (
            "insert into topics (key, name, photos) values ('sofa', 'sofa', 1)",
            "a topic's count, with what is still to be added, equals its live photos",
        ),
        (
            "insert into topics (key, name) values ('sofa', 'sofa');
             insert into taggings (photo_id, written_id, topic_id, place, live) select 1, id, id, 1, false from topics",
            "a tag is live exactly if its photo is",
        ),
        (
            "insert into recovery_codes (user_id, code_hash) select id, sha256('') from users limit 1",
            "ten recovery codes belong to each member with a second factor, and factors to members alone",
        ),
        (
            "insert into acts (actor, act, thing, thing_id, undone_at, undone_by)
             values ('mod', 'delete_hub', 'hub', 1, now(), 'mod');
             insert into kept_rows (act_id, place, of_table, kept) select id, 1, 'hubs', '{}' from acts",
            "what an act has kept goes when it is undone or final",
        ),
        (
            "insert into acts (actor, act, thing, thing_id, before) values ('mod', 'hide_photo', 'photo', 1, '{}')",
            "every act is in the audit log, and so is that it was undone",
        ),
        (
            "update users set name = 'bob', email = 'b@example.org', password_hash = 'x' where id = 2;
             insert into api_tokens (user_id, token_hash, name, scopes)
             values (2, sha256('token'), 'Bot', '{moderate}')",
            "only members have API tokens, and only those of moderators moderate",
        ),
        (with_talk!(""), "a talk's counts equal its votes"),
        (
            with_talk!(
                "insert into talk_votes (talk_id, voter_id, call_id, nonce)
                 select id, 1, call_id, substr(sha256(''), 1, 16) from talks"
            ),
            "nobody votes for a talk of their own, or more often than the call allows",
        ),
        (
            with_talk!(
                "insert into call_results select id, now(), 1, 0, sha256(''), 0, 0, 0 from calls;
                 insert into call_result_talks select call_id, id, 1, 0, 1, 1, 0 from talks"
            ),
            "a frozen result equals the votes",
        ),
    ]
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn each_check_of_the_database_finds_its_mistake(db: PgPool) {
    order::note(&db).await.expect("a database without these triggers");
    db.execute(AssertSqlSafe(WHOLE)).await.expect("good statements");
    let mut connection = db.acquire().await.expect("a connection");
    let found = check_rows(&mut connection, &Told::default()).await.expect("good queries");
    assert!(found.iter().all(Finding::is_clean), "{found:?}");
    let mut unseen: Vec<_> = found.iter().map(|finding| finding.check).collect();

    for (tampering, name, told) in tamperings() {
        connection.execute("begin").await.expect("a transaction");
        let tampered = connection.execute(AssertSqlSafe(tampering)).await;
        tampered.unwrap_or_else(|error| panic!("{tampering}: {error}"));
        // The triggers that note the order run at the commit.
        connection.execute("set constraints all immediate").await.expect("it is noted");
        let found = check_rows(&mut connection, &told).await.expect("good queries");
        connection.execute("rollback").await.expect("it ends");
        let wrong: Vec<_> = found.iter().filter(|finding| !finding.is_clean()).collect();
        assert!(wrong.iter().any(|finding| finding.check == name), "{tampering}: {wrong:?}");
        unseen.retain(|check| *check != name);
    }
    // These two need another session, and have a test of their own.
    unseen.retain(|check| !["no transaction is left open", JOBS_BALANCE].contains(check));
    assert!(unseen.is_empty(), "no mistake makes these checks fail: {unseen:?}");
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn a_lost_job_and_an_open_transaction_are_found(db: PgPool) {
    order::note(&db).await.expect("a database without these triggers");
    let mut idle = db.acquire().await.expect("a connection");
    idle.execute("begin; select pg_current_xact_id()").await.expect("a transaction");
    db.execute("insert into job_movements (queue, kind, enqueued) values ('mail', 'mail.send.v1', 1)")
        .await
        .expect("a good statement");
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    let mut connection = db.acquire().await.expect("a connection");
    let found = check_rows(&mut connection, &Told::default()).await.expect("good queries");
    let wrong: Vec<_> =
        found.iter().filter(|finding| !finding.is_clean()).map(|finding| finding.check).collect();
    assert_eq!(wrong, ["no transaction is left open", JOBS_BALANCE]);
}

/// A store in `folder`.
fn store_in(folder: &Path) -> MediaStore {
    let store = Url::from_directory_path(folder).expect("an absolute path");
    MediaStore::open(&MediaConfig { store, ..MediaConfig::default() }).expect("the store opens")
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn missing_and_unneeded_files_are_found(db: PgPool) {
    db.execute(AssertSqlSafe(WHOLE)).await.expect("good statements");
    db.execute(
        "update photos set source_key = 'gone'; update users set avatar = 'gone' where id = 2;
         insert into exports (user_id, state, ended_at, expires_at, key, bytes, photos)
         values (2, 'ready', now(), now(), 'gone', 1, 1)",
    )
    .await
    .expect("good statements");
    let folder = tempfile::tempdir().expect("a folder");
    let store = store_in(folder.path());
    store.put_picture(b"nobody's".as_slice().into()).await.expect("it is stored");
    let stray = store.put_picture(b"nobody's, too".as_slice().into()).await.expect("it is stored");
    assert!(store.withhold_picture(&stray).await.expect("it is moved"));
    let mut upload = store.begin_original(100);
    upload.write(b"nobody's".as_slice().into()).await.expect("it is written");
    upload.finish().await.expect("it is stored");
    let found =
        check_files(&mut db.acquire().await.expect("a connection"), &store).await.expect("both can be read");
    assert_eq!(
        found.iter().map(|finding| finding.offenders.len()).collect::<Vec<_>>(),
        [1, 0, 3, 1, 1, 1, 1, 1],
        "{found:?}"
    );
}
