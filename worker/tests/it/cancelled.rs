//! Cancels users of shared resources at random moments. The next user gets its own answer.

use std::io::{Seek as _, Write as _};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use bytes::Bytes;
use chrono::Utc;
use futures::TryStreamExt as _;
use pawdium_bucket::{ACCESS_KEY, BUCKET, S3Server, SECRET_KEY};
use pawdium_media::{Decoder, Limits, Owner};
use pawdium_shared::config::{MediaConfig, MetricsConfig};
use pawdium_shared::metrics::influx::{Influx, WriteError};
use pawdium_shared::metrics::line::Point;
use pawdium_shared::redis::Patience;
use pawdium_shared::store::MediaStore;
use pawdium_worker::DECODE;
use redis::AsyncCommands as _;
use redis::aio::MultiplexedConnection;
use sqlx::PgPool;
use tokio::time::timeout;

use crate::site::{Site, jpeg, redis_remembers};

/// Runs the future for a random part of `longest`, and then drops it unless it has ended.
async fn cut(longest: Duration, future: impl Future) -> bool {
    timeout(longest.mul_f64(rand::random()), future).await.is_err()
}

/// Polls the future a few times, because work below a millisecond ends between two ticks of the clock.
async fn cut_short<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> bool {
    let task = tokio::spawn(future);
    for _ in 0..rand::random_range(0..40) {
        tokio::task::yield_now().await;
        std::thread::sleep(Duration::from_micros(5));
    }
    task.abort();
    task.await.is_err()
}

#[sqlx::test(migrator = "pawdium_shared::db::MIGRATIONS")]
async fn cancelled_redis_commands_leave_others_their_answers(db: PgPool) {
    let _redis = redis_remembers().await;
    let site = Site::new(db);
    let key = |number: usize| site.env.redis.key(&format!("cancelled:{number}"));
    let mut connection = site.env.redis.dedicated().await.expect("Redis is there");
    for number in 0..10 {
        let () = connection.set_ex(key(number), number, 60).await.expect("Redis answers");
    }
    let mut cuts = 0;
    for round in 0..500 {
        let (redis, asked) = (site.env.redis.clone(), key(round % 10));
        let reading = async move {
            let get = |mut connection: MultiplexedConnection| async move {
                connection.get::<_, usize>(asked).await
            };
            redis.caches().run(Patience::Job, get).await
        };
        cuts += usize::from(cut_short(reading).await);
        let number = (round * 7 + 3) % 10;
        let next = key(number);
        let get =
            |mut connection: MultiplexedConnection| async move { connection.get::<_, usize>(next).await };
        let found = site.env.redis.caches().run(Patience::Job, get).await.expect("Redis answers");
        assert_eq!(found, number, "in round {round}");
    }
    assert!(cuts > 5, "{cuts} were cut");
}

fn open(picture: &[u8]) -> std::fs::File {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(picture).expect("it can be written");
    file.rewind().expect("it can be read");
    file
}

#[tokio::test]
async fn cancelled_pictures_leave_the_owners_next_one_intact() {
    let limits = Limits::from(&MediaConfig::default());
    let decoder = Decoder::new(env!("CARGO_BIN_EXE_pawdium-worker").into(), [DECODE], limits);
    let pictures = [jpeg(200, 200, 1), jpeg(200, 200, 2)];
    let mut expected = Vec::new();
    for picture in &pictures {
        expected.push(decoder.render(None, open(picture), None).await.expect("it is rendered"));
    }
    let owner = Some(Owner(1));
    let (mut cuts, mut round, mut longest) = (0, 0, Duration::from_millis(20));
    while round < 16 || (cuts <= 3 && round < 200) {
        cuts += usize::from(cut(longest, decoder.render(owner, open(&pictures[round % 2]), None)).await);
        let next = (round / 2) % 2;
        let started = Instant::now();
        let rendered = decoder.render(owner, open(&pictures[next]), None).await.expect("it is rendered");
        assert_eq!(rendered, expected[next], "in round {round}");
        // As long as the last one took, whatever else the machine does.
        longest = started.elapsed();
        round += 1;
    }
    assert!(cuts > 3, "{cuts} were cut");
}

#[tokio::test]
async fn cancelled_reports_leave_the_next_one_its_answer() {
    let answer = async |body: String| {
        tokio::time::sleep(Duration::from_millis(2)).await;
        if body.starts_with("refused") { StatusCode::BAD_REQUEST } else { StatusCode::NO_CONTENT }
    };
    let router = Router::new().route("/api/v2/write", post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
    let influx = Influx::new(&MetricsConfig {
        url: url.parse().expect("a URL"),
        org: "paws".into(),
        bucket: "derps".into(),
        token: "open sesame".to_owned().into(),
        period_seconds: 60,
    });
    let points = |measurement| [Point::new(measurement, Utc::now()).integer("count", 1)];
    let mut cuts = 0;
    for round in 0..60 {
        let (given_up, next) = if round % 2 == 0 { ("taken", "refused") } else { ("refused", "taken") };
        cuts += usize::from(cut(Duration::from_millis(6), influx.write(&points(given_up))).await);
        let written = influx.write(&points(next)).await;
        match next {
            "taken" => written.expect("it is taken"),
            _ => assert!(matches!(written, Err(WriteError::Refused(_))), "{written:?} in round {round}"),
        }
    }
    assert!(cuts > 10, "{cuts} were cut");
}

#[tokio::test]
async fn cancelled_transfers_leave_the_next_one_its_content() {
    let server = S3Server::start();
    let url = format!("s3://{BUCKET}/media?endpoint={}", server.endpoint());
    let store = MediaStore::open(&MediaConfig {
        store: url.parse().expect("a URL"),
        access_key_id: Some(ACCESS_KEY.into()),
        secret_access_key: Some(SECRET_KEY.to_owned().into()),
        ..MediaConfig::default()
    })
    .expect("it can be opened");
    let content = |number: u8| Bytes::from(vec![number; 300_000]);
    let mut keys = Vec::new();
    for number in 0..4 {
        keys.push(store.put_picture(content(number)).await.expect("it is stored"));
    }
    let read = async |key| {
        let picture = store.get_picture(key, None).await.expect("it is read").expect("it is there");
        picture.content.try_collect::<Vec<_>>().await.expect("it is read").concat()
    };
    let started = Instant::now();
    read(&keys[0]).await;
    let longest = started.elapsed() * 2;
    let mut cuts = 0;
    for round in 0_u8..60 {
        let which = usize::from(round % 4);
        let was_cut = if round % 3 == 0 {
            cut(longest, store.put_picture(content(round))).await
        } else {
            cut(longest, read(&keys[which])).await
        };
        cuts += usize::from(was_cut);
        let next = usize::from((round / 4) % 4);
        assert!(read(&keys[next]).await == content(u8::try_from(next).expect("it is small")), "{round}");
    }
    assert!(cuts > 10, "{cuts} were cut");
}
