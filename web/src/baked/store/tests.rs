#![expect(clippy::unchecked_time_subtraction, reason = "the constants are longer than a millisecond")]

use super::*;

fn entry(baked_at: Instant) -> Arc<Entry> {
    Arc::new(Entry::sample(100, baked_at))
}

fn stale(groups: &[&str], staleness: Staleness) -> WentStale {
    WentStale { groups: groups.iter().map(|&group| group.to_owned()).collect(), staleness }
}

fn changed(group: &str) -> WentStale {
    stale(&[group], Staleness::Changed)
}

/// A store that hears everything from then on.
fn hearing(now: Instant) -> State {
    State { current_at: Some(now), ..State::default() }
}

fn keep(state: &mut State, path: &str, groups: &[&str], now: Instant) -> Kept {
    let groups: Vec<_> = groups.iter().map(|&group| group.to_owned()).collect();
    let since = state.noted;
    state.keep(&Key::of(path), entry(now), &groups, since, now)
}

/// What to answer, in words.
fn look(state: &mut State, path: &str, now: Instant) -> &'static str {
    match state.look(&Key::of(path), now) {
        Look::Current(_) => "current",
        Look::Stale(_) => "stale",
        Look::Retry(_) => "stale, retry",
        Look::Render { earlier: None, .. } => "render",
        Look::Render { patience: None, .. } => "render, or away",
        Look::Render { patience: Some(patience), .. } if patience == BRIEFLY => "render, briefly",
        Look::Render { patience: Some(_), .. } => "render, patiently",
    }
}

const MS: Duration = Duration::from_millis(1);

#[test]
fn a_page_is_current_until_a_group_goes_stale_that_was_read_for_it() {
    let now = Instant::now();
    let mut state = hearing(now);
    assert_eq!(look(&mut state, "/top", now), "render");
    assert_eq!(keep(&mut state, "/top", &["top:all:all", "photo:1"], now), Kept::Yes);
    state.went_stale(&changed("photo:2"), now);
    assert_eq!(look(&mut state, "/top", now + 500 * MS), "current");
    state.went_stale(&changed("photo:1"), now + 500 * MS);
    assert_eq!(look(&mut state, "/top", now + 501 * MS), "render, briefly");
    state.went_stale(&changed("photo:1"), now + 1000 * MS);
    assert_eq!(look(&mut state, "/top", now + 1499 * MS), "render, briefly");
    assert_eq!(
        look(&mut state, "/top", now + 1500 * MS),
        "render, patiently",
        "a second after the first change"
    );
    assert_eq!(keep(&mut state, "/top", &["top:all:all"], now + 1500 * MS), Kept::Yes);
    state.went_stale(&changed("photo:1"), now + 1501 * MS);
    assert_eq!(look(&mut state, "/top", now + 1502 * MS), "current", "it shows another photo");
}

#[test]
fn a_page_that_changes_all_the_time_is_rendered_four_times_a_second() {
    let now = Instant::now();
    let mut state = hearing(now);
    let (mut rendered, mut refused) = (0, 0);
    for step in 0..5000_u32 {
        let now = now + step * MS;
        state.current_at = Some(now);
        state.went_stale(&changed("photo:1"), now);
        match look(&mut state, "/top", now) {
            "stale" => refused += 1,
            _ => rendered += u32::from(keep(&mut state, "/top", &["photo:1"], now) == Kept::Yes),
        }
    }
    assert!((20 + IN_A_ROW..=22 + IN_A_ROW).contains(&rendered), "{rendered}, and {refused} were too soon");
}

#[test]
fn who_asks_while_somebody_renders_gets_what_was_before() {
    let now = Instant::now();
    let mut state = hearing(now);
    keep(&mut state, "/top", &["photo:1"], now);
    state.went_stale(&changed("photo:1"), now);
    state.renderings.insert(Key::of("/top"), watch::channel(None).1);
    state.current_at = Some(now + 30_000 * MS);
    assert_eq!(look(&mut state, "/top", now + 1500 * MS), "stale");
    assert_eq!(look(&mut state, "/top", now + 29_999 * MS), "stale");
    assert_eq!(look(&mut state, "/top", now + 30_000 * MS), "render, patiently");
}

#[test]
fn what_is_withdrawn_is_gone_at_once_also_from_what_is_being_rendered() {
    let now = Instant::now();
    let mut state = hearing(now);
    keep(&mut state, "/h/cats", &["hub-page:1"], now);
    let since = state.noted;
    state.went_stale(&stale(&["photo:1", "hub-page:1"], Staleness::Withdrawn), now);
    assert_eq!(look(&mut state, "/h/cats", now), "render");
    let groups = ["hub-page:1".to_owned()];
    assert_eq!(state.keep(&Key::of("/h/cats"), entry(now), &groups, since, now), Kept::Withdrawn);
    assert_eq!(keep(&mut state, "/h/cats", &["hub-page:1"], now), Kept::Yes);
    let since = state.noted;
    state.went_stale(&changed("hub-page:1"), now);
    assert_eq!(state.keep(&Key::of("/h/cats"), entry(now), &groups, since, now), Kept::Yes);
    assert_eq!(
        look(&mut state, "/h/cats", now),
        "render, briefly",
        "it may have been read before the change"
    );
}

#[test]
fn a_page_ages_without_any_event() {
    let now = Instant::now();
    let mut state = hearing(now);
    keep(&mut state, "/top", &[], now);
    state.current_at = Some(now + LIFETIME);
    assert_eq!(look(&mut state, "/top", now + LIFETIME - MS), "current");
    assert_eq!(look(&mut state, "/top", now + LIFETIME), "render, briefly");
    assert_eq!(look(&mut state, "/top", now + LIFETIME + GRACE), "render, patiently");
}

#[test]
fn who_hears_nothing_sends_nothing_old_unless_the_database_is_away() {
    let now = Instant::now();
    let mut state = hearing(now);
    keep(&mut state, "/top", &[], now);
    assert_eq!(look(&mut state, "/top", now + SILENCE - MS), "current");
    assert_eq!(look(&mut state, "/top", now + SILENCE), "render, or away");
    state.current_at = None;
    assert_eq!(look(&mut state, "/top", now + UNHEARD - MS), "current");
    assert_eq!(look(&mut state, "/top", now + UNHEARD), "render, or away");
    state.away_at = Some(now + UNHEARD);
    assert_eq!(look(&mut state, "/top", now + UNHEARD + MS), "stale");
    assert_eq!(look(&mut state, "/top", now + UNHEARD + AGAIN), "stale, retry");
    assert_eq!(look(&mut state, "/top", now + UNHEARD + AGAIN + MS), "stale", "one at a time");
    assert_eq!(look(&mut state, "/top", now + UNVERIFIED - MS), "stale, retry");
    assert_eq!(look(&mut state, "/top", now + UNVERIFIED), "render");
    state.current_at = Some(now + UNVERIFIED + AGAIN);
    assert_eq!(
        look(&mut state, "/top", now + UNVERIFIED + AGAIN),
        "stale, retry",
        "nothing has happened to it"
    );
}

#[test]
fn a_page_that_was_current_is_better_than_one_that_lacks_something_but_not_for_long() {
    let now = Instant::now();
    let mut state = hearing(now);
    let key = Key::of("/h/cats");
    assert!(!state.was_current(&key, now));
    keep(&mut state, "/h/cats", &["widget:1.2"], now);
    assert!(state.was_current(&key, now + LIFETIME + WHILE_RENDERED - MS));
    state.went_stale(&changed("widget:1.2"), now);
    assert!(state.was_current(&key, now + WHILE_RENDERED - MS));
    assert!(!state.was_current(&key, now + WHILE_RENDERED));
    assert_eq!(look(&mut state, "/h/cats", now + WHILE_RENDERED), "render");
}

#[test]
fn what_was_missed_makes_no_page_current() {
    let now = Instant::now();
    let pages = BakedPages::default();
    keep(&mut pages.0.lock(), "/top", &[], now);
    let since = pages.noted();
    Keeper::missed(&pages);
    Keeper::is_current(&pages);
    assert_eq!(look(&mut pages.0.lock(), "/top", now), "render, or away");
    pages.keep(&Key::of("/new"), entry(now), &[], since);
    assert_eq!(look(&mut pages.0.lock(), "/new", now), "render, or away", "it was being rendered");
    pages.keep(&Key::of("/new"), entry(now), &[], pages.noted());
    assert_eq!(look(&mut pages.0.lock(), "/new", now), "current");
}

#[test]
fn a_page_whose_notes_are_forgotten_counts_as_changed() {
    let now = Instant::now();
    let mut state = hearing(now);
    state.went_stale(&changed("photo:0"), now);
    let since = state.noted;
    for _ in 0..=REMEMBERED {
        state.went_stale(&changed("photo:1"), now);
    }
    state.keep(&Key::of("/top"), entry(now), &[], since, now);
    assert_eq!(look(&mut state, "/top", now), "render, briefly");
    assert!(state.notes.len() <= REMEMBERED);
}

#[test]
fn memory_is_bounded_and_what_is_used_stays() {
    let now = Instant::now();
    let mut state = hearing(now);
    for number in 0..90 {
        let (key, page) = (Key::of(&format!("/photos/{number}")), Arc::new(Entry::sample(1 << 20, now)));
        state.keep(&key, page, &["ranks".to_owned()], 0, now);
        assert_eq!(look(&mut state, "/photos/0", now), "current", "{number}");
        assert!(state.bytes <= MOST);
    }
    assert!(state.slots.len() < 40, "each takes twice its size and more");
    assert_eq!(look(&mut state, "/photos/1", now), "render");
    assert_eq!(state.readers.values().map(HashSet::len).sum::<usize>(), state.slots.len());
    let keys: Vec<_> = state.slots.keys().cloned().collect();
    for key in &keys {
        state.remove(key);
    }
    assert_eq!((state.bytes, state.readers.len()), (0, 0));
}

#[tokio::test]
async fn a_rendering_ends_also_if_it_panics() {
    let pages = BakedPages::default();
    let key = Key::of("/top");
    let (mut first, rendering) = pages.join(&key);
    let (_, second) = pages.join(&key);
    assert!(second.is_none());
    drop(rendering);
    assert!(first.wait_for(Option::is_some).await.is_err());
    let (mut waiting, rendering) = pages.join(&key);
    rendering.expect("it is the first again").end(Err(Failure::Gone));
    assert!(matches!(waiting.wait_for(Option::is_some).await.as_deref(), Ok(Some(Err(Failure::Gone)))));
    assert!(pages.join(&key).1.is_some());
}
