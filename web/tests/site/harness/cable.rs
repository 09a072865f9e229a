//! A TCP proxy between a browser and the site, which can drop answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Forwards connections to a site until it is dropped.
pub(crate) struct Cable {
    /// The proxy's URL.
    pub(crate) base: Url,
    losing: Arc<AtomicUsize>,
    forwarding: JoinHandle<()>,
}

impl Cable {
    /// A proxy for the site at that URL.
    pub(crate) async fn to(site: &Url) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port is free");
        let mut base = site.clone();
        base.set_port(Some(listener.local_addr().expect("it is bound").port())).expect("it may have a port");
        let host = format!("127.0.0.1:{}", site.port().expect("a site of a test has one"));
        let losing = Arc::new(AtomicUsize::new(0));
        let left = Arc::clone(&losing);
        let forwarding = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(&host).await else { continue };
                tokio::spawn(forward(near, far, Arc::clone(&left)));
            }
        });
        Self { base, losing, forwarding }
    }

    /// Drops the site's answers to the next `count` uploads and ratings.
    pub(crate) fn lose_answers(&self, count: usize) {
        self.losing.store(count, Ordering::SeqCst);
    }

    /// How many answers are still to be dropped.
    pub(crate) fn to_lose(&self) -> usize {
        self.losing.load(Ordering::SeqCst)
    }
}

impl Drop for Cable {
    fn drop(&mut self) {
        self.forwarding.abort();
    }
}

/// Copies in both directions until one side closes or an answer is dropped, then closes both.
async fn forward(mut near: TcpStream, mut far: TcpStream, left: Arc<AtomicUsize>) {
    let (mut asked, mut answered) = (vec![0; 65_536], vec![0; 65_536]);
    let mut acts = false;
    loop {
        tokio::select! {
            read = near.read(&mut asked) => match read {
                Ok(length) if length > 0 => {
                    let begins = |with: &[u8]| asked[..length].starts_with(with);
                    acts |= begins(b"POST /submit ") || begins(b"POST /photos/");
                    if far.write_all(&asked[..length]).await.is_err() { return }
                }
                _ => return,
            },
            read = far.read(&mut answered) => match read {
                Ok(length) if length > 0 => {
                    let lose = |count: usize| count.checked_sub(1);
                    if acts && left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, lose).is_ok() { return }
                    acts = false;
                    if near.write_all(&answered[..length]).await.is_err() { return }
                }
                _ => return,
            },
        }
    }
}
