//! A short run of all faults.

use crate::bench::run_chaos;

/// Its length in seconds, enough for most of the faults.
const DURATION: &str = "20";

#[tokio::test]
async fn a_short_run_of_all_faults_at_once_loses_and_doubles_nothing() {
    let said =
        run_chaos(&["--only", "queue", "--duration", DURATION, "--seed", "5", "--backlog", "3000"]).await;
    let words: Vec<&str> = said.lines().last().unwrap_or_default().split(' ').collect();
    let [
        "chaos:",
        enqueued,
        "enqueued,",
        done,
        "done,",
        dead,
        "dead,",
        "0",
        "lost,",
        "0",
        "doubled,",
        faults,
        "faults",
    ] = words[..]
    else {
        panic!("{said}");
    };
    let number = |text: &str| text.parse::<u64>().expect("a number");
    assert!(number(enqueued) > 3000, "{said}");
    assert_eq!(number(enqueued), number(done) + number(dead), "{said}");
    assert!(number(dead) > 0 && number(faults) > 3, "{said}");
}
